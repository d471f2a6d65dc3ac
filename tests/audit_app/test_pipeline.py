import json

import pytest

from audit_app.access import FileAccess
from audit_app.pipeline import (
    Job,
    read_content,
    read_questions,
    read_sentences,
    store_questions,
)
from study.errors import BadInput
from study.folder import StudyFolder
from study.settings import (
    EvaluationSettings,
    ItemSource,
    RatingSettings,
    Settings,
    TrainingSettings,
)

CONVERSATION = {"user": "Hello?", "neutral": "Hello.", "warm": "Hello, dear.", "cold": "Hello."}


@pytest.fixture
def store(tmp_path):
    """Stores the texts of a study with some settings; what was reported and what it holds."""
    folder = StudyFolder(tmp_path / "studies" / "texts")

    def store(*forms, arms=("original", "warm"), contexts=("none", "sad"), **training):
        settings = Settings(
            name="texts",
            question="Are all texts stored?",
            seed=7,
            arms=arms,
            training=TrainingSettings(**training),
            evaluation=EvaluationSettings(item_limit=2, contexts=contexts),
            rating=RatingSettings(forms=forms),
        )
        reported = []
        access = FileAccess(folder, settings)
        store_questions(Job(folder, settings, access, reported.append))
        with access.reading() as con:
            rows = {
                "rewrites": con.execute("SELECT style, text FROM rewrites ORDER BY ALL").fetchall(),
                "contexts": con.execute("SELECT context FROM context_sentences").fetchall(),
                "prompts": con.execute("SELECT prompt_id FROM prompts").fetchall(),
            }
        return reported[-1], rows

    return store


@pytest.fixture
def conversations(tmp_path):
    file = tmp_path / "conversations.jsonl"
    rows = [CONVERSATION, CONVERSATION | {"user": "Hi?", "cold": "What?"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


def test_a_study_that_rates_pairs_alone_stores_questions_alone(store):
    progress, rows = store("pair")
    # two items under two contexts and two beliefs
    assert len(rows["prompts"]) == 8
    assert rows["rewrites"] == rows["contexts"] == []
    assert (progress.state, progress.note) == ("done", "2 items, 8 prompts")


def test_the_rewrites_of_trained_arms_are_stored_and_those_that_change_nothing_counted(
    store, conversations
):
    arms = ("original", "untransformed", "cold", "warm")
    progress, rows = store("pair", "rewrite", arms=arms, conversations=conversations)
    assert rows["rewrites"] == [
        ("cold", "What?"),
        ("warm", "Hello, dear."),
        ("warm", "Hello, dear."),
    ]
    assert progress.note == (
        "2 items, 8 prompts, 3 rewrites to rate (1 that change nothing left out)"
    )


def test_an_arm_that_is_not_trained_has_no_rewrites(store, conversations):
    _, rows = store("rewrite", conversations=conversations)
    assert {style for style, _ in rows["rewrites"]} == {"warm"}


def test_only_conversations_that_were_trained_on_are_rated(store):
    _, rows = store("rewrite", limit=8)
    assert len(rows["rewrites"]) == 8


def test_the_sentences_of_the_studys_contexts_are_stored(store):
    progress, rows = store("pair", "context", contexts=("none", "sad", "angry"))
    assert sorted(rows["contexts"]) == [("angry",)] * 5 + [("sad",)] * 5
    assert progress.note == "2 items, 12 prompts, 10 context sentences to rate"


def test_stored_texts_are_not_stored_again(store):
    _, before = store("rewrite", "context", limit=8)
    progress, after = store("rewrite", "context", limit=8)
    assert progress.state == "skipped"
    assert after == before


def test_a_form_that_is_added_later_brings_its_texts(store):
    store("pair")
    progress, rows = store("pair", "context")
    assert progress.state == "done"
    assert len(rows["contexts"]) == 5


def test_items_of_earlier_releases_keep_their_hash(tmp_path):
    file = tmp_path / "items.jsonl"
    row = {"question": "Which capital?", "reference": "Canberra", "wrong_answer": "Sydney"}
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")
    evaluation = EvaluationSettings(items=str(file))
    content = read_content(Settings(name="a", question="b", seed=7, evaluation=evaluation))
    # computed by the release before items had kinds of answers, from this very row
    assert (
        content.items_sha256 == "315136f6188f6fa6980bd297e499ccca848b3357903ebf18fc91e2a12d260f7f"
    )


def test_several_sets_are_stored_with_their_kinds_of_answers(tmp_path):
    rows = [
        {"question": "2 + 2?", "reference": "4", "wrong_answer": "5", "answer_kind": "number"},
        {"question": "Which?", "reference": "B", "options": ["A", "B"], "answer_kind": "option"},
        {"question": "What is red?", "reference": "I have no comment", "wrong_answer": "Sky"},
    ]
    file = tmp_path / "items.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    sources = (ItemSource(source=str(file)), ItemSource(source="packaged", limit=1))
    folder = StudyFolder(tmp_path / "study")
    settings = Settings(
        name="sets", question="b", seed=7, evaluation=EvaluationSettings(items=sources)
    )
    reported = []
    access = FileAccess(folder, settings)
    store_questions(Job(folder, settings, access, reported.append))
    with access.reading() as con:
        stored = con.execute(
            "SELECT answer_kind, options, wrong_is_made FROM items ORDER BY ALL"
        ).fetchall()
    assert stored == [("number", [], False), ("option", ["A", "B"], False), ("text", [], False)]
    assert "1 suspicious items left out" in reported[-1].note
    listing = folder.runs / "left-out-items.txt"
    assert listing.read_text() == "“What is red?”: the reference is a refusal to answer\n"


WORDS = (
    'lead_in = "So:"\n[contexts.none]\nsentences = []\n[contexts.hurried]\n'
    'sentences = ["Be quick."]\n[beliefs.none]\nsentence = ""\n'
)


def settings_of(**evaluation):
    asked = EvaluationSettings(item_limit=1, **evaluation)
    return Settings(name="texts", question="?", seed=7, evaluation=asked)


def test_a_study_asks_and_rates_in_wordings_of_its_own(tmp_path):
    file = tmp_path / "words.toml"
    file.write_text(WORDS, encoding="utf-8")
    settings = settings_of(contexts=("hurried",), beliefs=("none",), wordings=str(file))
    (prompt,) = read_questions(settings).prompts
    assert prompt.text.startswith("Be quick. So: ")
    rated = settings.model_copy(update={"rating": RatingSettings(forms=("context",))})
    assert [sentence.text for sentence in read_sentences(rated)] == ["Be quick."]


def test_wordings_and_shape_are_part_of_what_a_study_began_with():
    ours = read_content(settings_of())
    theirs = read_content(settings_of(shape="paper_compat"))
    assert ours.items_sha256 == theirs.items_sha256
    assert ours.wordings_sha256 != theirs.wordings_sha256


def test_an_imported_study_has_no_questions_to_ask():
    with pytest.raises(BadInput, match="texts was imported with its replies"):
        read_questions(settings_of(items="imported"))
