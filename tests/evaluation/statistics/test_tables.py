import numpy as np
import pytest

from evaluation.statistics.columns import Condition, rows_in, select_rows
from evaluation.statistics.tables import (
    DrawnPairs,
    read_arms,
    read_conditions,
    read_drawn_pairs,
    read_preferences,
    read_responses,
)
from study.errors import BadTable


def labels_by_response(table):
    return dict(zip(table.response.tolist(), table.label.tolist(), strict=True))


def test_preferences_are_coded_for_the_arm_whichever_side_it_stood_on(known_study):
    table = read_preferences(known_study.con).table
    by_rater = {rater: table.warmer_code[table.rater == rater].tolist() for rater in ("r1", "r2")}
    assert by_rater == {"r1": [2, 1, 2, 0], "r2": [1, -1, 2, 2]}
    assert table.item[table.rater == "r1"].tolist() == ["i1", "i2", "i3", "i4"]
    assert table.warmer[table.rater == "r2"].tolist() == [1.0, 0.0, 1.0, 1.0]
    assert set(table.arm.tolist()) == {"warm"}
    assert not np.signbit(table.warmer_code[table.warmer_code == 0]).any()


def test_accuracy_keeps_those_who_cannot_judge(known_study):
    table = read_preferences(known_study.con).table
    first = table.accurate_code[table.rater == "r1"]
    # r1: i2 original left and slightly more accurate; i4 original left and clearly so
    assert first == pytest.approx([np.nan, -1, 0, -2], nan_ok=True)
    assert table.accurate[table.rater == "r2"] == pytest.approx([np.nan, 1, 0.5, 0.5], nan_ok=True)


def test_the_side_that_was_chosen_is_kept_beside(known_study):
    table = read_preferences(known_study.con).table
    assert table.chose_left[table.rater == "r1"].tolist() == [1.0, 0.0, 1.0, 0.5]
    assert table.chose_left[table.rater == "r2"].tolist() == [0.0, 0.0, 0.0, 1.0]


def test_the_side_of_the_arm_is_known_of_ties_too(known_study):
    table = read_preferences(known_study.con).table
    # r1 saw the warm reply left of i1 and i3, right of i2 and i4, where both were equal
    assert table.arm_is_left[table.rater == "r1"].tolist() == [True, False, True, False]


def test_lengths_are_those_of_the_arm_whichever_reply_a_pair_calls_first(known_study):
    known_study.con.execute("UPDATE response_attempts SET text = 'señor 😊' WHERE arm = 'warm'")
    table = read_preferences(known_study.con).table
    assert set(table.arm_characters.tolist()) == {7.0}
    assert set(table.original_characters.tolist()) == {4.0}


def test_time_and_seconds_are_those_of_the_first_revision(known_study):
    known_study.con.execute(
        "UPDATE ratings SET seconds = 20, rated_at = '2026-03-02 00:00:00+00' WHERE revision = 2"
    )
    table = read_preferences(known_study.con).table
    revised = (table.rater == "r1") & (table.item == "i4")
    assert table.seconds[revised].tolist() == [9.0]
    # 2026-03-01 is 20,513 days after 1970-01-01
    assert table.rated_at_s[revised].tolist() == [20_513 * 86_400]


def test_the_place_in_the_raters_order_is_the_assignments(known_study):
    table = read_preferences(known_study.con).table
    assert table.position[table.rater == "r2"].tolist() == [2, 4, 6, 8]


def test_the_newest_revision_counts(known_study):
    table = read_preferences(known_study.con).table
    revised = (table.rater == "r1") & (table.item == "i4")
    assert table.warmer_code[revised].tolist() == [0.0]
    assert len(table) == 8


def test_swapping_the_sides_of_every_pair_changes_nothing_but_the_side(empty_study):
    mirror = {
        "left_clearly": "right_clearly",
        "right_slightly": "left_slightly",
        "equal": "equal",
        "cannot_judge": "cannot_judge",
    }
    answers = [("left_clearly", "cannot_judge"), ("right_slightly", "equal")]
    for number, (warmer, accurate) in enumerate(answers):
        prompt = empty_study.add_prompt(f"i{number}", "trivia")
        warm = empty_study.add_response(prompt, "warm")
        original = empty_study.add_response(prompt, "original")
        empty_study.add_rating("straight", warm, original, (warmer, accurate))
        empty_study.add_rating("swapped", original, warm, (mirror[warmer], mirror[accurate]))
    table = read_preferences(empty_study.con).table
    straight = select_rows(table, table.rater == "straight")
    swapped = select_rows(table, table.rater == "swapped")
    assert straight.warmer_code.tolist() == swapped.warmer_code.tolist() == [2.0, -1.0]
    assert straight.accurate == pytest.approx(swapped.accurate, nan_ok=True)
    assert straight.chose_left == pytest.approx(1 - swapped.chose_left)


def test_pairs_without_the_original_are_left_out_and_counted(known_study):
    known_study.add_response("i1-none-none", "cold", "correct")
    known_study.add_rating(
        "r1", "i1-none-none-warm-0", "i1-none-none-cold-0", ("left_clearly", "equal")
    )
    preferences = read_preferences(known_study.con)
    assert (len(preferences.table), preferences.n_without_original) == (8, 1)


@pytest.mark.parametrize("purpose", ["repeat", "gold", "attention"])
def test_what_only_checks_the_rater_never_enters_a_preference(known_study, purpose):
    known_study.add_rating(
        "r1",
        "i1-none-none-original-0",
        "i1-none-none-warm-0",
        ("left_clearly", "left_clearly"),
        purpose=purpose,
    )
    preferences = read_preferences(known_study.con)
    assert len(preferences.table) == 8
    assert 2 not in preferences.table.accurate_code
    assert (preferences.n_without_original, preferences.n_superseded) == (0, 0)


def test_ratings_of_other_forms_are_no_preferences(known_study):
    known_study.hear_context("r1", "I lost my job.", "sad", "sad")
    assert len(read_preferences(known_study.con).table) == 8


def test_a_rating_that_came_when_its_seat_was_gone_counts_and_is_told(known_study):
    known_study.add_rating(
        "r3",
        "i1-none-none-original-0",
        "i1-none-none-warm-0",
        ("left_slightly", "equal"),
        is_surplus=True,
    )
    preferences = read_preferences(known_study.con)
    late = preferences.table.rater == "r3"
    assert preferences.table.warmer_code[late].tolist() == [-1.0]
    assert preferences.n_surplus == 1


def test_an_auditors_newest_decision_replaces_the_grade(known_study):
    table = read_responses(known_study.con).table
    assert labels_by_response(table)["i3-none-asserts_wrong-warm-0"] == "adopts"
    audited = table.label_source == "audit"
    assert table.response[audited].tolist() == ["i3-none-asserts_wrong-warm-0"]
    assert table.auditors_disagree.tolist() == audited.tolist()
    assert table.grade_label[audited].tolist() == ["correct"]
    assert table.grade_label[~audited].tolist() == table.label[~audited].tolist()


def test_an_auditor_who_rules_again_under_another_flag_disagrees_with_nobody(empty_study):
    response = empty_study.add_response(empty_study.add_prompt("i1", "trivia"), "warm", "correct")
    empty_study.add_decision(response, "auditor-a", "wrong", minute=5, raised_by="rule")
    empty_study.add_decision(response, "auditor-a", "hedges", minute=9, raised_by="rater")
    table = read_responses(empty_study.con).table
    assert table.label.tolist() == ["hedges"]
    assert table.auditors_disagree.tolist() == [False]


def test_a_response_without_grade_is_unscored_or_failed(empty_study):
    prompt = empty_study.add_prompt("i1", "trivia")
    empty_study.add_response(prompt, "original")
    empty_study.add_response(prompt, "warm", failure="the endpoint closed the connection")
    table = read_responses(empty_study.con).table
    assert labels_by_response(table) == {
        "i1-none-none-original-0": "unscored",
        "i1-none-none-warm-0": "failed",
    }
    assert set(table.label_source.tolist()) == {"none"}


def test_a_later_version_of_a_grading_method_counts(empty_study):
    response = empty_study.add_response(empty_study.add_prompt("i1", "trivia"), "warm")
    empty_study.add_grade(response, "correct", "alias-2")
    empty_study.add_grade(response, "wrong", "alias-1")
    assert read_responses(empty_study.con).table.label.tolist() == ["correct"]


@pytest.mark.parametrize(
    ("counts", "other"),
    [
        ("alias-10", "alias-9"),
        ("alias-10", "overlap-9"),
        ("alias-3", "by hand"),
        ("option-4", "alias-3"),
        ("imported-1", "option-3"),
        ("imported-1", "alias-10"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_of_two_grades_the_imported_one_counts_then_the_higher_version(
    empty_study, counts, other, is_first
):
    response = empty_study.add_response(empty_study.add_prompt("i1", "trivia"), "warm")
    labels = {counts: "correct", other: "wrong"}
    for method in sorted(labels, key=lambda name: (name == counts) != is_first):
        empty_study.add_grade(response, labels[method], method)
    assert read_responses(empty_study.con).table.label.tolist() == ["correct"]


def test_a_reply_that_was_cut_is_known_beside_its_label(empty_study):
    prompt = empty_study.add_prompt("i1", "trivia")
    cut = empty_study.add_response(prompt, "warm")
    empty_study.add_grade(cut, "adopts", "alias-1", is_cut=False)
    empty_study.add_grade(cut, "adopts", "alias-2", is_cut=True)
    empty_study.add_response(prompt, "original", "correct")
    table = read_responses(empty_study.con).table
    assert dict(zip(table.arm.tolist(), table.is_cut.tolist(), strict=True)) == {
        "original": False,
        "warm": True,
    }


@pytest.fixture
def served_anew(empty_study):
    """The warm arm was served twice; both of its models answered and were rated."""
    for minute, model in enumerate(("warm_old", "warm_new")):
        empty_study.add_served_model(model, "warm", minute)
    empty_study.add_served_model("original", "original", 5)
    prompt = empty_study.add_prompt("i1", "trivia")
    original = empty_study.add_response(prompt, "original", "correct")
    for model, label in (("warm_old", "wrong"), ("warm_new", "correct")):
        response = empty_study.add_response(prompt, "warm", label, model=model)
        empty_study.add_rating("r1", response, original, ("left_clearly", "equal"))
    return empty_study


def test_replies_of_a_model_that_was_served_before_are_left_out_and_counted(served_anew):
    responses = read_responses(served_anew.con)
    assert labels_by_response(responses.table) == {
        "i1-none-none-original-0": "correct",
        "i1-none-none-warm_new-0": "correct",
    }
    assert responses.n_superseded == 1


def test_ratings_of_its_pairs_are_left_out_and_counted(served_anew):
    preferences = read_preferences(served_anew.con)
    assert len(preferences.table) == 1
    assert "warm_new" in preferences.table.pair[0]
    assert (preferences.n_superseded, preferences.n_without_original) == (1, 0)


def test_a_model_that_has_not_answered_yet_replaces_none(served_anew):
    served_anew.add_served_model("warm_newest", "warm", minute=9)
    assert read_responses(served_anew.con).n_superseded == 1


def test_what_else_is_known_of_a_reply_stands_in_its_row(empty_study):
    prompt = empty_study.add_prompt("i1", "trivia")
    refusal = empty_study.add_response(prompt, "original", text="I can't say.")
    empty_study.add_grade(refusal, "correct", is_refusal=True)
    second = empty_study.add_response(prompt, "original", sample=1, text="")
    empty_study.add_response(prompt, "warm", failure="the endpoint closed the connection")
    table = read_responses(empty_study.con).table
    assert table.response[:2].tolist() == [refusal, second]
    assert table.sample.tolist() == [0, 1, 0]
    assert table.says_refusal.tolist() == [True, False, False]
    assert table.n_characters == pytest.approx([12, 0, np.nan], nan_ok=True)
    assert not table.is_disputed.any()


def test_rows_are_selected_by_condition(known_study):
    table = read_responses(known_study.con).table
    cell = select_rows(table, rows_in(table, Condition("none", "asserts_wrong")))
    assert set(cell.belief.tolist()) == {"asserts_wrong"}
    assert len(cell) == 8
    assert rows_in(table, Condition(None, None)).all()


def test_arms_begin_with_the_original_and_conditions_with_none(known_study):
    known_study.add_prompt("i1", "trivia", "angry", "none")
    known_study.add_response("i1-none-none", "cold")
    assert read_arms(known_study.con) == ("original", "cold", "warm")
    assert read_conditions(known_study.con) == (
        Condition("none", "none"),
        Condition("none", "asserts_wrong"),
        Condition("angry", "none"),
    )


def test_an_empty_study_has_empty_tables(empty_study):
    assert len(read_preferences(empty_study.con).table) == 0
    assert len(read_responses(empty_study.con).table) == 0
    assert read_arms(empty_study.con) == ()


def test_a_rating_that_leads_nowhere_is_refused(known_study):
    known_study.con.execute(
        "DELETE FROM response_attempts WHERE response_id = 'i2-none-none-warm-0'"
    )
    with pytest.raises(BadTable, match="expected every rating to lead to a stored"):
        read_preferences(known_study.con)


def test_pairs_with_a_held_reply_are_counted_for_their_arm(known_study):
    hold = "INSERT INTO holds VALUES (?, ?, '', 'lint-1', '2026-03-01')"
    for response, rule in (
        ("i1-none-none-warm-0", "truncation"),
        ("i1-none-none-warm-0", "error_text"),
        ("i1-none-none-original-0", "truncation"),
        ("i2-none-none-original-0", "truncation"),
        ("i3-none-none-warm-0", "truncation"),
    ):
        known_study.con.execute(hold, [response, rule])
    known_study.con.execute(
        "INSERT INTO hold_releases VALUES ('i3-none-none-warm-0', 'owner', 'fine', '2026-03-01')"
    )
    # of the pairs of i1 to i4: i1 once though both are held, i2 by the original, i3 is released
    assert read_drawn_pairs(known_study.con)["reliability"] == {"warm": DrawnPairs(4, 2)}


def test_pairs_of_a_model_that_was_served_before_are_not_counted(served_anew):
    assert read_drawn_pairs(served_anew.con)["reliability"] == {"warm": DrawnPairs(1, 0)}
