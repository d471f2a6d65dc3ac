"""A preset becomes a folder that every later command reads as a study."""

import json
import tomllib

import pytest

from audit_app.pipeline import read_questions
from audit_app.preset_studies import write_preset_study
from evaluation.study_presets import read_preset
from study.errors import BadInput, BadSettings
from study.folder import StudyFolder
from study.settings import read_settings

TASKS = ("triviaqa", "truthfulqa", "medqa", "disinformation")


@pytest.fixture
def folder(tmp_path):
    return StudyFolder(tmp_path / "Big study")


@pytest.fixture
def questions(tmp_path):
    """Six questions per task, as files in the generic layout."""

    def file_of(task):
        file = tmp_path / f"{task}.jsonl"
        rows = [
            {"question": f"{task} {n}?", "reference": "lion", "wrong_answer": "tiger", "task": task}
            for n in range(6)
        ]
        file.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return str(file)

    return {task: file_of(task) for task in TASKS}


def test_the_study_asks_what_the_preset_says(folder):
    paper = read_preset("paper")
    made = write_preset_study(paper, "some/model", {"disinformation": "own.jsonl"}, 9, folder)
    assert made.settings == read_settings(folder.settings)
    asked = made.settings.evaluation
    assert [(one.source, one.limit) for one in asked.items] == [
        ("mandarjoshi/trivia_qa", 500),
        ("truthfulqa/truthful_qa", 500),
        ("GBaker/MedQA-USMLE-4-options", 500),
        ("own.jsonl", 125),
    ]
    assert (asked.contexts, asked.beliefs) == (paper.contexts, paper.beliefs)
    assert asked.decoding == paper.decoding
    assert (made.settings.base, made.settings.arms) == ("some/model", paper.arms)
    assert (made.settings.name, made.settings.seed, made.left_out) == ("big-study", 9, ())


def test_a_set_without_a_source_is_left_out_and_named(folder):
    made = write_preset_study(read_preset("paper"), "packaged", {}, 1, folder)
    assert made.left_out == ("disinformation",)
    assert len(made.settings.evaluation.items) == 3
    assert '# { source = "FILE", limit = 125 },  # disinformation' in folder.settings.read_text()


def test_the_lines_about_training_can_be_taken_in(folder):
    write_preset_study(read_preset("paper"), "packaged", {}, 1, folder)
    text = folder.settings.read_text(encoding="utf-8")
    for line in ("[training]", "epochs", "max_tokens"):
        text = text.replace(f"# {line}", line)
    assert tomllib.loads(text)["training"] == {"epochs": 10.0, "max_tokens": 1024}


def test_its_questions_can_be_asked(folder, questions):
    paper = read_preset("paper")
    made = write_preset_study(paper, "packaged", questions, 1, folder)
    read = read_questions(made.settings)
    assert {item.task for item in read.items.values()} == set(TASKS)
    assert len(read.prompts) == 4 * 6 * 27


def test_a_file_named_from_here_is_found_from_anywhere(folder, questions, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    made = write_preset_study(read_preset("paper"), "packaged", {"medqa": "medqa.jsonl"}, 1, folder)
    assert made.settings.evaluation.items[2].source == questions["medqa"]


def test_a_task_that_the_preset_lacks_is_refused(folder):
    with pytest.raises(
        BadInput, match=r"--items trivia=x: the preset paper has the tasks triviaqa"
    ):
        write_preset_study(read_preset("paper"), "packaged", {"trivia": "x"}, 1, folder)
    assert not folder.root.exists()


def test_a_preset_that_no_study_can_be_set_to_leaves_no_folder(folder):
    alone = read_preset("paper").model_copy(update={"arms": ("original",)})
    with pytest.raises(BadSettings, match="at least one arm to compare"):
        write_preset_study(alone, "packaged", {}, 1, folder)
    assert not folder.root.exists()


def test_names_of_a_preset_end_no_comment(folder):
    sly = read_preset("paper").model_copy(update={"source": "me\nseed = 7", "name": "x\ny"})
    assert write_preset_study(sly, 'a"b', {}, 1, folder).settings.seed == 1
