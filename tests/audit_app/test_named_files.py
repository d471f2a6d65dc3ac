"""Files that study.toml names are found beside it, or in the working directory."""

import json
import shutil

import pytest

from audit_app.named_files import locate_files
from audit_app.pipeline import read_content
from study.errors import BadSettings
from study.settings import (
    ControlSettings,
    EvaluationSettings,
    ItemSource,
    Settings,
    TrainingSettings,
    WarmthSettings,
)


def settings_of(items="mine.jsonl", **evaluation):
    return Settings(
        name="a", question="b", seed=7, evaluation=EvaluationSettings(items=items, **evaluation)
    )


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Of a study; the working directory is another."""
    there, elsewhere = tmp_path / "studies" / "a", tmp_path / "elsewhere"
    there.mkdir(parents=True)
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    return there


def write_items(file, *questions):
    rows = [{"question": one, "reference": "yes", "wrong_answer": "no"} for one in questions]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_what_lies_beside_study_toml_comes_before_the_working_directory(folder, tmp_path):
    write_items(tmp_path / "elsewhere" / "mine.jsonl", "Is it so?")
    assert locate_files(settings_of(), folder).evaluation.items == "mine.jsonl"
    write_items(folder / "mine.jsonl", "Is it not so?")
    assert locate_files(settings_of(), folder).evaluation.items == str(folder / "mine.jsonl")


def test_a_file_in_neither_place_is_refused_with_both(folder, tmp_path):
    told = (
        rf"mine\.csv, expected beside it in {folder} or in the .* {tmp_path / 'elsewhere'}, found"
    )
    with pytest.raises(BadSettings, match=told):
        locate_files(settings_of("mine.csv"), folder)


def test_files_of_every_section_are_found_and_other_names_stay(folder):
    for name in ("a.jsonl", "b.jsonl", "c.jsonl", "d.json", "w.toml"):
        (folder / name).write_text("", encoding="utf-8")
    sources = (ItemSource(source="b.jsonl", limit=3), ItemSource(source="openai/gsm8k"))
    written = settings_of(sources, wordings="w.toml").model_copy(
        update={
            "controls": ControlSettings(items=(ItemSource(source="a.jsonl"),)),
            "warmth": WarmthSettings(prompts="d.json"),
            "training": TrainingSettings(conversations="c.jsonl", adapters={"warm": "w.toml"}),
        }
    )
    found = locate_files(written, folder)
    assert [one.source for one in found.evaluation.items] == [
        *(str(folder / "b.jsonl"), "openai/gsm8k")
    ]
    assert found.evaluation.items[0].limit == 3
    assert found.evaluation.wordings == str(folder / "w.toml")
    assert found.controls.items[0].source == str(folder / "a.jsonl")
    assert found.warmth.prompts == str(folder / "d.json")
    assert found.training.conversations == str(folder / "c.jsonl")
    assert found.training.adapters == {"warm": str(folder / "w.toml")}
    plain = Settings(name="a", question="b", seed=7)
    assert locate_files(plain, folder) == plain


def test_files_of_sections_that_are_not_read_need_not_be_there(folder):
    write_items(folder / "mine.jsonl", "Is it so?")
    lacking = {"training": TrainingSettings(conversations="gone.jsonl")}
    settings = settings_of().model_copy(update=lacking)
    found = locate_files(settings, folder, ("evaluation",))
    assert found.evaluation.items == str(folder / "mine.jsonl")
    assert found.training.conversations == "gone.jsonl"
    with pytest.raises(BadSettings, match=r"names gone\.jsonl"):
        locate_files(settings, folder)


def test_a_study_may_move_with_the_files_beside_it(folder, tmp_path):
    write_items(folder / "mine.jsonl", "Is it so?", "Is it not so?")
    settings, moved = settings_of(), tmp_path / "moved"
    before = read_content(locate_files(settings, folder))
    shutil.move(folder, moved)
    assert read_content(locate_files(settings, moved)) == before
