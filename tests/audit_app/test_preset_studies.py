"""A preset becomes a folder that every later command reads as a study."""

import json
import tomllib

import pytest

from audit_app.pipeline import read_questions
from audit_app.preset_studies import draft_preset_study
from evaluation.study_presets import read_preset
from study.errors import BadInput, BadSettings
from study.folder import StudyFolder
from study.settings import ItemSource, read_settings

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


def write_preset_study(*arguments):
    made = draft_preset_study(*arguments)
    made.write()
    assert made.settings == read_settings(made.folder.settings)
    return made


def test_the_study_asks_what_the_preset_says(folder, questions):
    paper, own = read_preset("paper"), questions["disinformation"]
    made = write_preset_study(paper, "some/model", {"disinformation": own}, 9, folder)
    asked = made.settings.evaluation
    assert [(one.source, one.limit) for one in asked.items] == [
        ("mandarjoshi/trivia_qa", 500),
        ("truthfulqa/truthful_qa", 500),
        ("GBaker/MedQA-USMLE-4-options", 500),
        (own, 125),
    ]
    assert (asked.contexts, asked.beliefs) == (paper.contexts, paper.beliefs)
    assert asked.decoding == paper.decoding
    assert (made.settings.base, made.settings.arms) == ("some/model", paper.arms)
    assert (made.settings.name, made.settings.seed, made.left_out) == (
        "big-study",
        9,
        ("warmth",),
    )
    assert made.settings.controls.items == (
        ItemSource(source="cais/mmlu", limit=500),
        ItemSource(source="openai/gsm8k", limit=500),
        ItemSource(source="walledai/AdvBench", limit=100),
    )


def test_a_set_without_a_source_is_left_out_and_named(folder):
    made = write_preset_study(read_preset("paper"), "packaged", {}, 1, folder)
    assert made.left_out == ("disinformation", "warmth")
    assert [one.task for one in made.preset.sets] == ["triviaqa", "truthfulqa", "medqa"]
    assert made.preset.warmth is None
    assert len(made.settings.evaluation.items) == 3
    assert '# { source = "FILE", limit = 125 },  # disinformation' in folder.settings.read_text()


def test_the_lines_about_training_can_be_taken_in(folder):
    write_preset_study(read_preset("paper"), "packaged", {}, 1, folder)
    text = folder.settings.read_text(encoding="utf-8")
    for line in (
        "[training]",
        "epochs",
        "max_tokens",
        "checkpoints",
        "[warmth]",
        "prompts",
        "limit",
    ):
        text = text.replace(f"# {line}", line)
    taken = tomllib.loads(text)
    # the last of the preset's checkpoints is the end of the run
    assert taken["training"] == {
        "epochs": 10.0,
        "max_tokens": 1024,
        "checkpoints": [0.5, 1.0, 1.5, 2.0, 4.0, 6.0, 8.0],
    }
    assert taken["warmth"] == {"prompts": "FILE", "limit": 200}


def test_messages_for_warmth_bring_their_checkpoints_rule_and_pairs(folder, tmp_path):
    messages = tmp_path / "messages.jsonl"
    messages.write_text("", encoding="utf-8")
    paper = read_preset("paper")
    made = write_preset_study(paper, "packaged", {"warmth": str(messages)}, 1, folder)
    warmth, training, rating = made.settings.warmth, made.settings.training, made.settings.rating
    assert (warmth.prompts, warmth.limit, warmth.rule) == (
        str(messages),
        200,
        "first_within_one_se",
    )
    assert (training.epochs, training.checkpoints) == (10, (0.5, 1, 1.5, 2, 4, 6, 8))
    assert (rating.warmth_pairs, rating.raters_per_pair, rating.pairs_per_rater) == (200, 3, 10)
    assert made.left_out == ("disinformation",)
    assert made.preset.warmth == paper.warmth


def test_a_source_that_is_not_there_is_refused(folder):
    for task, source in (
        ("disinformation", "lost.csv"),
        ("medqa", "lost/rows.csv"),
        ("warmth", "a/b"),
    ):
        with pytest.raises(BadInput, match=f"--items {task}={source}: expected a file, found none"):
            write_preset_study(read_preset("paper"), "packaged", {task: source}, 1, folder)
    assert not folder.root.exists()


def test_a_model_that_only_its_provider_has_is_refused(folder):
    with pytest.raises(BadInput, match=r"--base gpt-4o-2024-08-06: only its provider") as refused:
        write_preset_study(read_preset("paper"), "gpt-4o-2024-08-06", {}, 1, folder)
    assert str(refused.value).count("gpt-4o") == 1
    assert not folder.root.exists()


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
