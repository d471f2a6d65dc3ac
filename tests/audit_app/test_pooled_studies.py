"""`pool`: real study files at the command line, what it refuses, and how studies are named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from command_line import run_command

from audit_app.pooled_studies import OpenStudy, open_study, put_together
from audit_app.simulated_studies import store_study, study_seed
from audit_app.study_events import record_event
from evaluation.simulation.designs import StudyDesign
from evaluation.simulation.studies import draw_study, find_chances
from study.errors import BadInput
from study.migrations import migrate
from study.settings import Settings

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SMALL = StudyDesign(n_items=8, n_raters=4, raters_per_pair=2)


def make_study(folder: Path, base: str, seed: int, *, closed: bool = True) -> Path:
    folder.mkdir()
    (folder / "study.toml").write_text(
        f'name = "{folder.name}"\nquestion = "What does warmth cost?"\nseed = {seed}\nbase = "{base}"\n',
        encoding="utf-8",
    )
    with duckdb.connect(str(folder / "study.duckdb")) as con:
        migrate(con)
        store_study(con, draw_study(find_chances(SMALL), study_seed(seed, 0), NOW), NOW)
        if closed:
            rater = con.execute("SELECT min(rater_id) FROM raters").fetchone()[0]
            record_event(con, "closed", rater, "all pairs are rated", NOW)
    return folder


@pytest.fixture(scope="module")
def studies(tmp_path_factory):
    root = tmp_path_factory.mktemp("studies")
    for number in (1, 2):
        make_study(root / f"s{number}", f"org/model-{number}", number)
    return root


def test_two_studies_are_told_by_model_and_together(studies):
    done = run_command("pool", "s1/study.toml", "s2", "--json", cwd=studies)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["models"] == ["org/model-1", "org/model-2"]
    assert found["differing_settings"] == ["seed"]
    by_model = {(one["model"], one["arm"]): one for one in found["gaps_pp"]}
    each = [by_model[name, "warm"]["difference"]["n"] for name in found["models"]]
    assert by_model[None, "warm"]["difference"]["n"] == sum(each)
    terms = [term["name"] for term in found["errors"]["regression"]["terms"]]
    assert "model[org/model-2]" in terms
    told = run_command("pool", "s1", "s2", cwd=studies).stdout
    assert "Called warmer by model" in told
    assert "Gaps by model" in told


def test_one_file_shows_them_with_a_figure_of_each(studies):
    done = run_command("pool", "s1", "s2", "--html", "--to", "out", cwd=studies)
    assert done.returncode == 0, done.stderr
    page = (studies / "out" / "report.html").read_text(encoding="utf-8")
    assert "2 models together" in page
    assert page.count("<figure>") == 3
    assert "study s1, SHA-256 of its settings" in page
    assert "http" not in page.replace("http://www.w3.org/", "").replace("http-equiv", "")
    assert {"gap-models.svg", "gap-models.png", "gap-models.csv"} <= {
        file.name for file in (studies / "out" / "figures").iterdir()
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("s1",), "expected at least two different studies, got s1"),
        (("s1", "s1/study.toml"), "expected at least two different studies"),
        (("s1", "nowhere"), "got nowhere"),
    ],
)
def test_what_cannot_be_pooled_is_refused_in_one_sentence(studies, given, message):
    done = run_command("pool", *given, cwd=studies)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_study_that_is_sealed_gives_nothing_away(studies, tmp_path):
    sealed = make_study(tmp_path / "sealed", "org/model-3", 3, closed=False)
    done = run_command("pool", str(studies / "s1"), str(sealed), cwd=tmp_path)
    assert done.returncode == 2
    assert "those of sealed are sealed while people rate" in done.stderr
    assert done.stdout == ""


def opened(settings: Settings, folder: Path) -> OpenStudy:
    with duckdb.connect(str(folder / "study.duckdb")) as con:
        return open_study(con, settings)


def settings_of(name: str, base: str = "packaged", **sections) -> Settings:
    return Settings(name=name, question="What does warmth cost?", seed=1, base=base, **sections)


def test_studies_of_one_base_model_are_told_apart_by_their_names(studies):
    same = [settings_of("first"), settings_of("second"), settings_of("third", "org/other")]
    tables, _ = put_together([opened(settings, studies / "s1") for settings in same])
    assert [one.model for one in tables] == ["packaged (first)", "packaged (second)", "org/other"]
    with pytest.raises(BadInput, match=r"got packaged \(first\) twice"):
        put_together([opened(settings_of("first"), studies / "s1") for _ in range(2)])


def test_settings_that_are_not_the_same_are_named(studies):
    one = settings_of("one", "a", evaluation={"contexts": ["none"], "beliefs": ["none"]})
    other = settings_of("two", "b", evaluation={"contexts": ["none", "sad"], "beliefs": ["none"]})
    _, notes = put_together([opened(settings, studies / "s1") for settings in (one, other)])
    assert notes.differing == ("evaluation.contexts",)


def test_how_each_study_was_cut_down_is_told_by_model(studies):
    one = settings_of("one", "a", evaluation={"item_limit": 3})
    _, notes = put_together([opened(s, studies / "s1") for s in (one, settings_of("two", "b"))])
    assert notes.limited == "a: at most 3 items"
    assert notes.differing == ("evaluation.item_limit",)
