import pytest

from audit_app.dataset import write_dataset
from audit_app.exports import write_identities, write_key
from audit_app.rater_notes import read_notes, save_note
from audit_app.raters import invite
from study.errors import BadInput
from study.settings import Settings

NOTE = "Ada Lovelace of the lab upstairs"
SETTINGS = Settings(name="noted", question="Who was it?", seed=7)


@pytest.fixture
def study(con, noon):
    """A study to which somebody was invited whom the owner knows by name."""
    invite(con, "annotator", noon, "ada")
    save_note(con, "ada", f" {NOTE} ", "olga", noon)
    return con


def test_a_note_is_kept_without_blanks_and_the_newest_replaces_the_one_before(study, noon):
    assert read_notes(study) == {"ada": NOTE}
    save_note(study, "ada", "Ada, moved away", "otto", noon)
    assert read_notes(study) == {"ada": "Ada, moved away"}
    assert study.execute("SELECT noted_by FROM rater_notes").fetchall() == [("otto",)]


@pytest.mark.parametrize("nothing", ["", "  \n"])
def test_an_empty_note_leaves_nothing(study, noon, nothing):
    save_note(study, "ada", nothing, "olga", noon)
    assert read_notes(study) == {}
    assert study.execute("SELECT count(*) FROM rater_notes").fetchone() == (0,)


def test_a_note_is_on_somebody_and_short(study, noon):
    with pytest.raises(BadInput, match="expected somebody who was invited, got 'nobody'"):
        save_note(study, "nobody", "who?", "olga", noon)
    with pytest.raises(BadInput, match="expected at most 200 characters, got 201"):
        save_note(study, "ada", "x" * 201, "olga", noon)
    assert read_notes(study) == {"ada": NOTE}


def test_no_export_and_no_other_table_has_a_note(study, tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    write_dataset(study, SETTINGS, "a secret", exports)
    write_key(study, "a secret", exports / "key.csv")
    write_identities(study, "a secret", exports / "identities.csv")
    written = [file for file in exports.rglob("*") if file.is_file()]
    assert len(written) > 3
    assert [file for file in written if b"Lovelace" in file.read_bytes()] == []
    tables = {row[0] for row in study.execute("SHOW TABLES").fetchall()} - {"rater_notes"}
    assert [table for table in tables if "Lovelace" in str(study.table(table).fetchall())] == []
