import asyncio
from datetime import UTC, datetime
from importlib.resources import files

import pytest

from audit_app.links import Link, read_link_token, use_link
from audit_app.oauth import OAuthSettings
from audit_app.raters import invite, list_raters, restore, revoke
from audit_app.serving_app import open_app
from study.database import close, open_for_writing
from study.errors import BadSettings
from study.folder import StudyFolder
from study.settings import RatingSettings, Settings

SETTINGS = Settings(name="tested", question="Who comes in?", seed=7)
WEEK_S = 7 * 24 * 3600.0
WHY = "The owner's reason."


@pytest.fixture
def folder(tmp_path):
    return StudyFolder(tmp_path / "study")


def start(folder, settings=SETTINGS, oauth=None) -> dict[str, Link]:
    """What the links of one start say."""

    async def open_once() -> dict[str, str]:
        with open_app(folder, settings, "127.0.0.1", 0, False, oauth) as app:
            assert all(link.startswith(f"{app.url}/join/") for link in app.links.values())
            return dict(app.links)

    # inside a loop: elsewhere Gradio leaves loops unclosed
    links = asyncio.run(open_once())
    secret, now = folder.session_secret(), datetime.now(UTC)
    return {
        role: read_link_token(secret, link.rsplit("/", 1)[1], WEEK_S, now)
        for role, link in links.items()
    }


def test_each_start_prints_the_same_people_and_a_fresh_owner_link_that_works_once(folder):
    first, second = start(folder), start(folder)
    assert list(first) == list(second) == ["annotator", "auditor", "owner"]
    for role, link in first.items():
        assert link.role == role
        assert link.works_once == (role == "owner")
        assert second[role].rater_id == link.rater_id
        assert second[role].link_id != link.link_id
    con = open_for_writing(folder.database, "a test")
    now = datetime.now(UTC)
    assert [use_link(con, start["owner"], now) for start in (first, first, second)] == [
        True,
        False,
        True,
    ]
    assert len(list_raters(con)) == 3
    close(con, folder.database)


def test_no_link_opens_the_work_of_somebody_else_when_the_first_rater_is_revoked(folder):
    first = start(folder)
    con, now = open_for_writing(folder.database, "a test"), datetime.now(UTC)
    invite(con, "annotator", now, "somebody-else")
    invite(con, "owner", now, "otto")
    revoke(con, first["annotator"].rater_id, WHY, "otto", now)
    revoke(con, first["owner"].rater_id, WHY, "otto", now)
    close(con, folder.database)
    second = start(folder)
    assert list(second) == ["auditor", "owner"]
    # the terminal is the owners', whoever of them it is
    assert second["owner"].rater_id == "otto"
    con = open_for_writing(folder.database, "a test")
    restore(con, first["annotator"].rater_id, WHY, "otto", now)
    close(con, folder.database)
    assert start(folder)["annotator"].rater_id == first["annotator"].rater_id


def test_hugging_face_needs_to_know_the_app(folder):
    rating = RatingSettings(entries=("invite", "hugging_face"))
    settings = SETTINGS.model_copy(update={"rating": rating})
    with pytest.raises(BadSettings, match="needs OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET and"):
        start(folder, settings)
    assert not folder.database.exists()
    assert "owner" in start(folder, settings, OAuthSettings("id", "secret", "https://hf.co"))


def test_guidelines_or_gold_changed_between_starts_stand_on_the_record(folder, tmp_path):
    own = tmp_path / "texts"
    own.mkdir()
    rating = RatingSettings(texts=str(own))
    settings = SETTINGS.model_copy(update={"rating": rating})
    start(folder, settings)
    start(folder, settings)
    (own / "guidelines.md").write_text("## Read this\n\nWarm is warm.\n", encoding="utf-8")
    start(folder, settings)
    gold = (files("audit_app") / "guidelines" / "gold.toml").read_text(encoding="utf-8")
    (own / "gold.toml").write_text(gold + "\n# checked twice\n", encoding="utf-8")
    start(folder, settings)
    con = open_for_writing(folder.database, "a test")
    noted = con.execute("SELECT rater_texts_sha256, gold_sha256 FROM study_versions").fetchall()
    close(con, folder.database)
    assert len(noted) == 3
    assert noted[0][0] != noted[1][0] == noted[2][0]
    assert noted[0][1] == noted[1][1] != noted[2][1]
