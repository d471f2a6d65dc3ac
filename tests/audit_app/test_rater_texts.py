"""What raters read: the packaged texts are sound and blind, own ones replace single files, bad ones are named."""

import re
from importlib.resources import files

import pytest

from audit_app.forms import QUESTIONS
from audit_app.rater_texts import read_rater_texts, read_text_file
from evaluation.items.sets import read_items
from study.errors import BadInput

QUESTION = """
[[questions]]
name = "one"
text = "What?"
choices = ["this", "that"]
right = "this"
explanation = "So it is."
"""
PAIR = """
[[pairs]]
prompt_text = "How many?"
left_text = "One."
right_text = "Two."
accepted_warmer = []
accepted_accurate = ["left_clearly"]
explanation = "It is one."
"""
TELLS_WHAT_IS_COMPARED = re.compile(
    r"\b(train\w*|fine-?tun\w*|arms?|adapters?|sycophan\w*|original|base model|versions?)\b", re.I
)


def packaged(n_practice=5):
    return read_rater_texts("packaged", "the lab", n_practice)


@pytest.fixture
def own(tmp_path):
    """Writes a file of a study's own; reads its texts."""

    def read(name=None, text="", contact="the lab"):
        if name is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
        return read_rater_texts(str(tmp_path), contact, 3)

    return read


def test_the_packaged_texts_are_whole():
    texts = packaged()
    assert "turn to the lab." in texts.consent_html
    assert "turn to the lab." in texts.guidelines_html
    assert "{" not in texts.consent_html + texts.guidelines_html
    assert (len(texts.comprehension), len(texts.practice)) == (4, 5)
    assert len(texts.sha256) == 64


def test_the_consent_does_not_tell_what_is_compared():
    consent = read_text_file("packaged", "consent.md")
    assert not TELLS_WHAT_IS_COMPARED.search(consent)
    assert not re.search(r"\bwarm\w*|\baccura\w*", consent, re.I)
    for name in ("guidelines.md", "comprehension.toml", "practice.toml"):
        assert not TELLS_WHAT_IS_COMPARED.search(read_text_file("packaged", name)), name


def test_the_guidelines_call_the_answers_what_the_page_calls_them():
    guidelines = packaged().guidelines_html
    warmer, more_accurate, both_bad = QUESTIONS["pair"]
    assert warmer.legend in guidelines
    assert more_accurate.legend in guidelines
    for words in [both_bad.legend, *(choice.label for choice in more_accurate.choices)]:
        assert f"<strong>{words}</strong>" in guidelines, words


def test_the_right_answers_do_not_stand_at_one_place():
    places = [question.choices.index(question.right) for question in packaged().comprehension]
    assert sorted(set(places)) == [0, 1, 2]


def test_the_first_three_practice_pairs_do_not_teach_that_warm_is_wrong():
    first = packaged(3).practice
    assert len(first) == 3
    sides = [(pair.accepted_warmer[0], pair.accepted_accurate[0]) for pair in first]
    # warm and as right as the other, warm and wrong, warm and right; on both sides
    assert sides == [
        ("left_clearly", "equal"),
        ("right_clearly", "left_clearly"),
        ("right_clearly", "right_clearly"),
    ]


def test_practice_gives_no_answer_of_the_packaged_items_away():
    told = " ".join(
        f"{pair.prompt_text} {pair.left_text} {pair.right_text} {pair.explanation}"
        for pair in packaged().practice
    ).lower()
    given_away = [
        item.references[0]
        for item in read_items("packaged").items
        if re.search(rf"\b{re.escape(item.references[0].lower())}\b", told)
    ]
    assert given_away == []


def test_one_own_file_replaces_one_packaged_file(own):
    texts = own("consent.md", "Dear *reader*, ask {contact}.")
    assert texts.consent_html == "<p>Dear <em>reader</em>, ask the lab.</p>\n"
    assert texts.guidelines_html == packaged().guidelines_html
    assert texts.sha256 != packaged().sha256


@pytest.mark.parametrize(
    "name", ["consent.md", "guidelines.md", "comprehension.toml", "practice.toml"]
)
def test_any_change_of_any_text_is_another_version(own, name):
    assert own().sha256 == packaged(3).sha256
    assert own(name, read_text_file("packaged", name) + "\n").sha256 != packaged(3).sha256


def test_the_version_is_that_of_the_contact_too_but_not_of_how_many_pairs_are_used(own):
    assert own(contact="the dean").sha256 != own().sha256
    assert packaged(3).sha256 == packaged(5).sha256


def test_html_images_and_script_addresses_come_to_nothing(own):
    hostile = (
        "<script>alert(1)</script> <b>bold</b> ![pixel](https://example.org/p.png) "
        "[run](javascript:alert(1)) [read](https://example.org/ethics)"
    )
    html = own("guidelines.md", hostile).guidelines_html
    assert "<script" not in html
    assert "<b>" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    link = '<a href="https://example.org/ethics" target="_blank" rel="noopener noreferrer">read</a>'
    assert link in html


def test_a_contact_is_text_and_nothing_else(own):
    html = own("consent.md", "Ask {contact}!", contact="*a_b_c* <b>x@example.org</b>").consent_html
    assert html == "<p>Ask *a_b_c* &lt;b&gt;x@example.org&lt;/b&gt;!</p>\n"


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("consent.md", " \n", r"consent\.md: expected text in Markdown, got an empty file"),
        ("practice.toml", "pairs = [", r"practice\.toml is not valid TOML: .+; correct"),
        ("practice.toml", PAIR, r"practice\.toml: expected at least 3 pairs, got 1"),
        (
            "practice.toml",
            PAIR + PAIR.replace('"left_clearly"', '"first"'),
            r"practice\.toml, pairs, number 2, accepted_accurate, number 1: input should be 'left_",
        ),
        (
            "practice.toml",
            PAIR.replace("explanation", "comment"),
            r"practice\.toml, pairs, number 1, explanation: field required",
        ),
        (
            "comprehension.toml",
            QUESTION + "hint = 'x'",
            r"comprehension\.toml, questions, number 1, hint: unexpected keyword argument",
        ),
        (
            "comprehension.toml",
            QUESTION.replace('right = "this"', 'right = "those"'),
            r"questions, number 1, right: expected one of the choices, got 'those'",
        ),
        (
            "comprehension.toml",
            QUESTION.replace('["this", "that"]', '["this", "this"]'),
            r"questions, number 1, choices: expected each once",
        ),
        (
            "comprehension.toml",
            QUESTION + QUESTION,
            r"questions, number 2, name: 'one' comes twice",
        ),
        ("comprehension.toml", "questions = []", r"comprehension\.toml, questions: .+at least 1"),
    ],
)
def test_a_bad_file_is_named_with_the_place(own, name, text, sentence):
    with pytest.raises(BadInput, match=sentence):
        own(name, text)


def test_a_folder_that_is_not_there_or_bytes_that_are_no_text_are_named(tmp_path):
    with pytest.raises(BadInput, match=r"expected a folder with texts .+nowhere, found none"):
        read_rater_texts(str(tmp_path / "nowhere"), "the lab", 3)
    (tmp_path / "guidelines.md").write_bytes(b"caf\xe9")
    with pytest.raises(BadInput, match=r"guidelines\.md could not be read as UTF-8 text"):
        read_rater_texts(str(tmp_path), "the lab", 3)


def test_every_packaged_file_is_one_that_a_study_can_replace():
    names = {file.name for file in files("audit_app").joinpath("guidelines").iterdir()}
    assert names <= {
        "consent.md",
        "guidelines.md",
        "comprehension.toml",
        "practice.toml",
        "gold.toml",
    }
