"""What the documents say is so: commands, options, links and counts."""

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest
from command_line import run_command
from made_choice import make_choice

from audit_app.control_stage import CONTROL_ARMS
from evaluation.checkpoint_tables import checkpoints_as_json
from evaluation.imported_replies import ImportedReply
from evaluation.items.checks import KINDS
from evaluation.items.hub import HUB_SETS
from evaluation.items.overview import items_as_json
from evaluation.items.sets import SETS, read_items
from evaluation.prompts import read_wordings
from evaluation.row_files import SUFFIXES
from evaluation.warmth_prompts import (
    FEWEST_CHARACTERS,
    MOST_CHARACTERS,
    read_warmth_prompts,
)
from study.records import AnswerKind
from study.settings import (
    CheckpointRule,
    ControlSettings,
    ItemSource,
    RatingSettings,
    WarmthSettings,
)
from training.conversations import read_conversations

ROOT = Path(__file__).parent.parent
DOCS = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/contexts.md",
    "docs/controls.md",
    "docs/grading.md",
    "docs/import.md",
    "docs/items.md",
    "docs/rating.md",
    "docs/serving.md",
    "docs/statistics.md",
    "docs/training-search.md",
    "docs/validity.md",
    "docs/warmth.md",
]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(name):
    """The fenced blocks and code spans of a document, where its commands stand."""
    found = re.findall(r"```[a-z]*\n(.*?)```|`([^`]+)`", read(name), re.DOTALL)
    return "\n".join(fence or " ".join(span.split()) for fence, span in found)


def help_of(command):
    done = run_command(command, "--help")
    assert done.returncode == 0
    return done.stdout


@pytest.mark.parametrize("name", DOCS)
def test_every_link_within_the_project_leads_to_a_file(name):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", read(name))
    missing = [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("name", "fewest"),
    [
        ("README.md", 11),
        ("docs/contexts.md", 1),
        ("docs/controls.md", 2),
        ("docs/import.md", 2),
        ("docs/items.md", 2),
        ("docs/rating.md", 3),
        ("docs/serving.md", 7),
        ("docs/warmth.md", 4),
    ],
)
def test_every_command_and_option_of_a_document_exists(name, fewest):
    calls = re.findall(r"warmth-audit ([a-z][a-z-]+)(.*)", code_of(name))
    assert len(calls) >= fewest
    for command, options in calls:
        shown = help_of(command)
        for option in re.findall(r"--[a-z-]+", options):
            assert option in shown, f"warmth-audit {command} {option}"


def test_every_make_target_of_the_readme_exists():
    makefile = read("Makefile")
    for target in set(re.findall(r"make ([a-z]+)", code_of("README.md"))):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_document_on_rating_names_every_setting_of_it():
    text = read("docs/rating.md")
    assert [field for field in RatingSettings.model_fields if f"`{field}`" not in text] == []


def test_the_document_on_controls_names_every_setting_arm_and_default():
    text = read("docs/controls.md")
    names = [*ControlSettings.model_fields, *CONTROL_ARMS]
    assert [name for name in names if f"`{name}`" not in text and f"{name} =" not in text] == []
    assert f"max_new_tokens = {ControlSettings().max_new_tokens} " in text


def test_the_document_on_warmth_names_every_setting_rule_reason_and_key():
    text = read("docs/warmth.md")
    names = [*get_args(CheckpointRule), *checkpoints_as_json(make_choice(0.1, 0.5))]
    names += checkpoints_as_json(make_choice(0.1, 0.5))["checkpoints"][0]
    assert [name for name in names if f"`{name}`" not in text] == []
    assert [name for name in WarmthSettings.model_fields if f"{name} = " not in text] == []
    assert f"{FEWEST_CHARACTERS} or more than {MOST_CHARACTERS:,} characters" in text
    assert (
        f"{len(read_warmth_prompts(WarmthSettings(prompts='packaged'), (), 1).items)} messages"
        in (text)
    )


def test_the_document_on_items_names_every_set_setting_doubt_and_key():
    text = read("docs/items.md")
    shown = items_as_json(read_items(), read_items().items)
    names = [
        *SETS,
        *HUB_SETS,
        *SUFFIXES,
        *KINDS,
        *ItemSource.model_fields,
        *get_args(AnswerKind),
        *shown,
        *shown["tasks"][0],
    ]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_the_counts_of_the_readme_are_true():
    readme, changelog = read("README.md"), read("CHANGELOG.md")
    n_conversations = len(read_conversations("packaged"))
    assert f"{n_conversations} conversations" in readme
    assert f"{n_conversations} conversations, {len(read_items().items)} items" in changelog


def test_the_document_on_contexts_counts_the_words_of_each():
    text, wordings = read("docs/contexts.md"), read_wordings()
    for name, context in wordings.contexts.items():
        sentences = context.sentences
        mean = sum(len(one.split()) for one in sentences) / max(1, len(sentences))
        told = f"{mean:.1f}" if sentences else "0"
        assert re.search(rf"^\| `{name}` \|.*\| {len(sentences)} \| {told} \|$", text, re.M), name
    for name in wordings.beliefs:
        assert f"| `{name}` |" in text


def test_the_document_on_imports_names_every_column():
    text = read("docs/import.md")
    columns = [field.name for field in fields(ImportedReply) if field.name != "where"]
    assert [name for name in columns if f"`{name}`" not in text] == []
