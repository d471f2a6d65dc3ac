"""Rater texts: what raters read before they rate, as files that a study may replace.

The packaged ones lie in `guidelines/`. Markdown is rendered without any HTML of its own, without
images, and with links that open apart. What a rater reads is one version, told by one hash: who
agreed to or passed anything did so under that hash (`onboarding.py`). Nothing here is secret.
"""

import hashlib
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from study.errors import BadInput
from study.records import Accuracy, Preference

_PACKAGED = "packaged"  # the settings' own constant is out of reach of a rater's pages
_CONTACT = "{contact}"

_Words = Annotated[str, Field(min_length=1)]


@dataclass(frozen=True)
class ComprehensionQuestion:
    """One question about the guidelines, with the answers to choose from."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    name: _Words
    text: _Words
    choices: Annotated[tuple[_Words, ...], Field(min_length=2)]
    right: str
    """The one of the choices that is right, word for word."""
    explanation: _Words
    """What who got it wrong is told."""


@dataclass(frozen=True)
class PracticePair:
    """A pair that is rated before the study begins, with the answers that are right."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    prompt_text: _Words
    left_text: _Words
    right_text: _Words
    accepted_warmer: tuple[Preference, ...]
    """Empty accepts any answer."""
    accepted_accurate: tuple[Accuracy, ...]
    explanation: _Words


@dataclass(frozen=True)
class RaterTexts:
    """All that a rater reads before the study begins."""

    consent_html: str
    guidelines_html: str
    comprehension: tuple[ComprehensionQuestion, ...]
    practice: tuple[PracticePair, ...]
    contact: str
    """Whom raters can turn to, in words."""
    sha256: str
    """The version: of all four files and the contact."""


class _ComprehensionFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    questions: Annotated[tuple[ComprehensionQuestion, ...], Field(min_length=1)]


class _PracticeFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    pairs: tuple[PracticePair, ...]


_File = TypeVar("_File", bound=BaseModel)


def read_text_file(source: str, name: str) -> str:
    """The text of one file: the study's own where its folder has one, else the packaged one.

    Args:
        source: `packaged`, or a folder.
    Raises:
        BadInput: there is no such folder, or the file cannot be read as UTF-8 text.
    """
    if source == _PACKAGED:
        return files("audit_app").joinpath("guidelines", name).read_text(encoding="utf-8")
    folder = Path(source).expanduser()
    if not folder.is_dir():
        raise BadInput(
            f"expected a folder with texts for raters at {source}, found none; correct "
            "rating.texts in study.toml, or use `packaged`"
        )
    try:
        return (folder / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return read_text_file(_PACKAGED, name)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            f"{folder / name} could not be read as UTF-8 text ({error}); correct the file, or take "
            "it away to use the packaged one"
        ) from error


def read_rater_texts(source: str, contact: str, practice_pairs: int) -> RaterTexts:
    """Read and check all that raters read before they rate.

    Args:
        source: `packaged`, or a folder in which consent.md, guidelines.md, comprehension.toml and
            practice.toml may be. The pages have a heading of their own: headings in the Markdown
            begin with ##. `{contact}` stands for the contact.
        contact: whom raters can turn to, as a part of a sentence.
        practice_pairs: so many of the practice pairs are used, the first ones.
    Raises:
        BadInput: a file cannot be used; the message names it and the place in it.
    """
    consent = read_text_file(source, "consent.md")
    guidelines = read_text_file(source, "guidelines.md")
    comprehension_toml = read_text_file(source, "comprehension.toml")
    practice_toml = read_text_file(source, "practice.toml")
    questions = _parsed("comprehension.toml", comprehension_toml, _ComprehensionFile).questions
    _check_questions(questions)
    pairs = _parsed("practice.toml", practice_toml, _PracticeFile).pairs
    if len(pairs) < practice_pairs:
        raise BadInput(
            f"practice.toml: expected at least {practice_pairs} pairs, got {len(pairs)}; write "
            "more, or lower rating.practice_pairs in study.toml"
        )
    whole = "\x1f".join((consent, guidelines, comprehension_toml, practice_toml, contact))
    return RaterTexts(
        consent_html=_rendered("consent.md", consent, contact),
        guidelines_html=_rendered("guidelines.md", guidelines, contact),
        comprehension=questions,
        practice=pairs[:practice_pairs],
        contact=contact,
        sha256=hashlib.sha256(whole.encode()).hexdigest(),
    )


def _rendered(name: str, text: str, contact: str) -> str:
    if not text.strip():
        raise BadInput(
            f"{name}: expected text in Markdown, got an empty file; write it, or take the file "
            "away to use the packaged one"
        )
    # filled in last, so that an address with * or _ in it stays one
    html: str = _markdown().render(text)
    return html.replace(_CONTACT, escape(contact))


@cache
def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).disable("image")
    markdown.add_render_rule("link_open", _open_link)
    return markdown


def _open_link(
    renderer: RendererHTML, tokens: Sequence[Token], at: int, options: OptionsDict, env: EnvType
) -> str:
    tokens[at].attrs |= {"target": "_blank", "rel": "noopener noreferrer"}
    return renderer.renderToken(tokens, at, options, env)


def _parsed(name: str, text: str, form: type[_File]) -> _File:
    try:
        return form.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name} is not valid TOML: {error}; correct that line") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ", ".join(_place(part) for part in problem["loc"]) or "the file"
        raise BadInput(f"{name}, {place}: {problem['msg'].lower()}; correct that part") from error


def _place(part: int | str) -> str:
    return f"number {part + 1}" if isinstance(part, int) else part


def _check_questions(questions: Sequence[ComprehensionQuestion]) -> None:
    for number, question in enumerate(questions, start=1):
        place = f"comprehension.toml, questions, number {number}"
        if question.right not in question.choices:
            raise BadInput(
                f"{place}, right: expected one of the choices, got {question.right!r:.80}; copy one "
                "of them word for word"
            )
        if len(set(question.choices)) < len(question.choices):
            raise BadInput(f"{place}, choices: expected each once; change the one that comes twice")
        if question.name in {other.name for other in questions[: number - 1]}:
            raise BadInput(f"{place}, name: {question.name!r:.80} comes twice; change one of them")
