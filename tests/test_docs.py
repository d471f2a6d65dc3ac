"""What the documents say is so: commands, options, links and counts."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.items.sets import read_items
from study.settings import RatingSettings
from training.conversations import read_conversations

ROOT = Path(__file__).parent.parent
DOCS = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/rating.md",
    "docs/serving.md",
    "docs/statistics.md",
    "docs/training-search.md",
    "docs/validity.md",
]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_of(name):
    """The fenced blocks and code spans of a document, where its commands stand."""
    found = re.findall(r"```[a-z]*\n(.*?)```|`([^`]+)`", read(name), re.DOTALL)
    return "\n".join(fence or " ".join(span.split()) for fence, span in found)


def help_of(command):
    done = subprocess.run(
        [sys.executable, "-m", "audit_app", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("name", DOCS)
def test_every_link_within_the_project_leads_to_a_file(name):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", read(name))
    missing = [target for target in targets if not (ROOT / name).parent.joinpath(target).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("name", "fewest"), [("README.md", 11), ("docs/rating.md", 3), ("docs/serving.md", 7)]
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


def test_the_counts_of_the_readme_are_true():
    readme, changelog = read("README.md"), read("CHANGELOG.md")
    n_conversations = len(read_conversations("packaged"))
    assert f"{n_conversations} conversations" in readme
    assert f"{n_conversations} conversations, {len(read_items().items)} items" in changelog
