from datetime import UTC, datetime

import duckdb
import pytest

from study.errors import BadSettings
from study.migrations import migrate
from study.settings import (
    EvaluationSettings,
    GateSettings,
    RatingSettings,
    Settings,
    TrainingSettings,
    WarmthSettings,
)
from study.versions import (
    Content,
    SettingChange,
    read_newest_settings,
    read_preregistration,
    record_version,
)

BEGUN = Settings(name="pilot", question="Does warmth cost accuracy?", seed=7)
CONTENT = Content("items 1", "conversations 1", "wordings 1")
PROMPT = "INSERT INTO prompts VALUES ('p1', 'i1', 'none', 'none', 'Who wrote Emma?')"
SERVED_MODEL = """
    INSERT INTO served_models (served_model_id, arm, model_name, engine, base_sha256,
        adapter_sha256, decoding_json, canary_json, served_at)
    VALUES ('s1', 'warm', 'warm', 'an engine', 'a', 'b', '{}', '{}', now())
"""

RATING = """
    INSERT INTO ratings (
        token, revision, form, facts_kept, reason, seconds, layout, is_surplus, idempotency_key,
        rated_at)
    VALUES ($token, 1, 'rewrite', 'all', '', 4.0, 'columns', false, $token, $rated_at)
"""


def at(minute):
    return datetime(2026, 11, 23, 10, minute, tzinfo=UTC)


def rated_by(raters):
    return BEGUN.model_copy(update={"rating": RatingSettings(raters_per_pair=raters)})


def asking(contexts):
    return BEGUN.model_copy(update={"evaluation": EvaluationSettings(contexts=contexts)})


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    yield con
    con.close()


def test_an_adapter_made_elsewhere_cannot_come_or_go_once_arms_have_answered(con):
    training = TrainingSettings(adapters={"warm": "ours/warm"})
    given = BEGUN.model_copy(update={"training": training})
    record_version(con, BEGUN, at(0), CONTENT)
    record_version(con, given, at(1), CONTENT)
    con.execute(SERVED_MODEL)
    with pytest.raises(BadSettings, match=r"study began, in training\.adapters\.warm;"):
        record_version(con, BEGUN, at(2), CONTENT)


def test_a_study_keeps_what_decides_its_rows(con):
    record_version(con, BEGUN, at(0))
    con.execute(PROMPT)
    with pytest.raises(BadSettings, match="in seed; put the old values back"):
        record_version(con, BEGUN.model_copy(update={"seed": 8}), at(1))
    with pytest.raises(BadSettings, match=r"in evaluation\.contexts; put the old values back"):
        record_version(con, asking(("none", "angry")), at(1))
    assert read_newest_settings(con) == BEGUN


def test_settings_may_be_corrected_until_a_row_depends_on_them(con):
    record_version(con, asking(("gloomy",)), at(0))
    record_version(con, BEGUN, at(1))
    con.execute(PROMPT)
    other_base = BEGUN.model_copy(update={"base": "some/model"})
    record_version(con, other_base, at(2))
    con.execute(SERVED_MODEL)
    with pytest.raises(BadSettings, match="in base; put the old values back"):
        record_version(con, BEGUN, at(3))
    assert read_newest_settings(con) == other_base


def test_who_rates_how_often_may_change_and_stands_on_the_record(con):
    record_version(con, BEGUN, at(0))
    con.execute(PROMPT)
    record_version(con, rated_by(5), at(1))
    record_version(con, rated_by(5), at(2))
    assert read_newest_settings(con) == rated_by(5)
    assert con.execute("SELECT count(*) FROM study_versions").fetchone() == (2,)


def test_settings_that_come_back_are_the_newest_again(con):
    for minute, raters in enumerate((3, 5, 3)):
        record_version(con, rated_by(raters), at(minute))
    assert read_newest_settings(con) == rated_by(3)
    versions = con.execute("SELECT version, recorded_at FROM study_versions ORDER BY version")
    assert versions.fetchall() == [(1, at(0)), (2, at(1)), (3, at(2))]


@pytest.mark.parametrize(
    ("row", "changed"),
    [(PROMPT, "items"), (PROMPT, "wordings"), (SERVED_MODEL, "conversations")],
)
def test_contents_that_rows_were_made_from_may_not_change_under_their_name(con, row, changed):
    fields = {"items_sha256": "items 1", "conversations_sha256": "conversations 1"}
    fields["wordings_sha256"] = "wordings 1"
    other = Content(**{**fields, f"{changed}_sha256": "another"})
    record_version(con, BEGUN, at(0), other)
    record_version(con, BEGUN, at(1), CONTENT)  # corrected in time
    con.execute(row)
    record_version(con, BEGUN, at(2), CONTENT)
    with pytest.raises(BadSettings, match=f"the {changed} are not those.*put the old ones back"):
        record_version(con, BEGUN, at(3), other)


def test_messages_of_a_file_that_changed_are_named_beside_the_items(con):
    asking = BEGUN.model_copy(update={"warmth": WarmthSettings(prompts="talks.json")})
    record_version(con, asking, at(0), CONTENT)
    con.execute(PROMPT)
    with pytest.raises(
        BadSettings, match=r"the items or the messages of warmth.prompts \(talks\.json\) are not"
    ):
        record_version(con, asking, at(1), Content(items_sha256="items 2"))


def test_who_opens_a_study_without_reading_its_contents_leaves_them_as_noted(con):
    record_version(con, BEGUN, at(0))
    record_version(con, BEGUN, at(1), CONTENT)
    con.execute(PROMPT)
    record_version(con, rated_by(5), at(2))
    with pytest.raises(BadSettings, match="the items are not those"):
        record_version(con, rated_by(5), at(3), Content("items 2", "conversations 1", "wordings 1"))


def test_settings_do_not_change_under_a_running_app_even_before_there_are_rows(con):
    record_version(con, BEGUN, at(0))
    record_version(con, rated_by(5), at(1), CONTENT, app_runs=True)
    with pytest.raises(BadSettings, match=r"than the app .*in seed; stop the app"):
        record_version(con, rated_by(5).model_copy(update={"seed": 8}), at(2), app_runs=True)
    assert read_newest_settings(con) == rated_by(5)


def add_rating(con, minute):
    con.execute(RATING, {"token": f"sheet {minute}", "rated_at": at(minute)})


def test_nothing_is_preregistered_before_the_first_rating(con):
    assert read_preregistration(con) is None
    record_version(con, BEGUN, at(0))
    assert read_preregistration(con) is None
    add_rating(con, 1)
    assert read_preregistration(con) is not None


def test_a_rating_older_than_every_version_was_made_under_none(con):
    add_rating(con, 0)
    record_version(con, BEGUN, at(1))
    assert read_preregistration(con) is None


def test_the_version_in_force_at_the_first_rating_is_the_preregistered_one(con):
    record_version(con, BEGUN, at(0))
    record_version(con, rated_by(5), at(1))
    add_rating(con, 3)
    add_rating(con, 2)
    frozen = read_preregistration(con)
    assert frozen is not None
    assert (frozen.version, frozen.settings_sha256) == (2, rated_by(5).sha256)
    assert (frozen.recorded_at, frozen.frozen_at) == (at(1).isoformat(), at(2).isoformat())
    assert frozen.amendments == ()


def test_a_version_of_the_same_moment_as_the_first_rating_came_before_it(con):
    record_version(con, BEGUN, at(0))
    add_rating(con, 0)
    frozen = read_preregistration(con)
    assert frozen is not None
    assert frozen.version == 1


def test_what_is_changed_after_the_first_rating_is_told_from_version_to_version(con):
    record_version(con, BEGUN, at(0))
    add_rating(con, 1)
    record_version(con, rated_by(5), at(2), CONTENT)
    record_version(con, rated_by(5).model_copy(update={"question": "And now?"}), at(3))
    frozen = read_preregistration(con)
    assert frozen is not None
    assert (frozen.version, frozen.settings_sha256) == (1, BEGUN.sha256)
    more_raters, other_question = frozen.amendments
    assert (more_raters.version, more_raters.recorded_at) == (2, at(2).isoformat())
    assert more_raters.changes == (
        SettingChange("rating.raters_per_pair", "3", "5"),
        SettingChange("items", "not noted", "items 1"),
        SettingChange("conversations", "not noted", "conversations 1"),
        SettingChange("wordings", "not noted", "wordings 1"),
    )
    assert other_question.settings_sha256 != more_raters.settings_sha256
    assert other_question.changes == (
        SettingChange("question", '"Does warmth cost accuracy?"', '"And now?"'),
    )


def texts(guidelines, gold="gold 1"):
    return Content(rater_texts_sha256=guidelines, gold_sha256=gold)


def test_texts_for_raters_that_are_changed_after_the_first_rating_amend_the_study(con):
    record_version(con, BEGUN, at(0), texts("texts 1"))
    record_version(con, BEGUN, at(1), CONTENT)
    add_rating(con, 2)
    record_version(con, BEGUN, at(3), texts("texts 1"))  # the app starts again
    record_version(con, BEGUN, at(4), texts("texts 2"))
    record_version(con, BEGUN, at(5), CONTENT)  # a stage, which reads no texts
    record_version(con, BEGUN, at(6), texts("texts 2", "gold 2"))
    frozen = read_preregistration(con)
    assert frozen is not None
    assert frozen.version == 2
    assert [amendment.changes for amendment in frozen.amendments] == [
        (SettingChange("rater_texts", "texts 1", "texts 2"),),
        (SettingChange("gold", "gold 1", "gold 2"),),
    ]


def test_a_study_of_an_earlier_release_is_not_amended_by_noting_its_texts(con):
    record_version(con, BEGUN, at(0), CONTENT)
    add_rating(con, 1)
    record_version(con, BEGUN, at(2), texts("texts 1"))
    frozen = read_preregistration(con)
    assert frozen is not None
    assert frozen.amendments == ()
    record_version(con, BEGUN, at(3), texts("texts 2"))
    (amendment,) = read_preregistration(con).amendments
    assert amendment.changes == (SettingChange("rater_texts", "texts 1", "texts 2"),)


def test_contents_that_are_read_apart_are_noted_together(con):
    record_version(con, BEGUN, at(0), texts("texts 1"))
    record_version(con, BEGUN, at(1), CONTENT)
    con.execute(PROMPT)
    record_version(con, BEGUN, at(2), texts("texts 1"))
    assert con.execute("SELECT count(*) FROM study_versions").fetchone() == (2,)
    with pytest.raises(BadSettings, match="the items are not those"):
        record_version(con, BEGUN, at(3), Content("items 2", "conversations 1", "wordings 1"))


def test_a_study_from_before_there_were_gates_is_not_amended_by_being_opened(con):
    record_version(con, BEGUN, at(0))
    add_rating(con, 1)
    stored = con.execute("SELECT settings_json FROM study_versions").fetchone()
    assert stored is not None
    assert "gate" not in stored[0]
    record_version(con, BEGUN, at(2))
    frozen = read_preregistration(con)
    assert frozen is not None
    assert frozen.amendments == ()


def test_a_gate_that_is_set_after_the_first_rating_is_an_amendment(con):
    record_version(con, BEGUN, at(0))
    con.execute(PROMPT)
    con.execute(SERVED_MODEL)
    add_rating(con, 1)
    gated = BEGUN.model_copy(update={"gate": GateSettings(max_gap_pp=5)})
    record_version(con, gated, at(2))
    frozen = read_preregistration(con)
    assert frozen is not None
    (amendment,) = frozen.amendments
    assert amendment.settings_sha256 == gated.sha256
    assert amendment.changes == (SettingChange("gate.max_gap_pp", "null", "5.0"),)
