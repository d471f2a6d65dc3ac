"""Dataset: the blinded exports as a folder in the layout of a hub dataset, and its way to a hub.

The card says how the ratings were made, what each column holds, and what is not in there. It
names no arm. A hub gets the folder in one commit; the token is the one that huggingface_hub
finds in the environment.
"""

from collections.abc import Sequence
from pathlib import Path
from string import Template

import duckdb
from httpx2 import HTTPError
from huggingface_hub import HfApi
from huggingface_hub.errors import (
    HfHubHTTPError,
    HFValidationError,
    LocalTokenNotFoundError,
)

from audit_app.exports import ExportedTable, export_blinded
from evaluation.responses import describe_limits
from study.errors import AppUnreachable, BadInput
from study.settings import Settings
from study.versions import Preregistration, read_preregistration

_COLUMNS = {
    "ratings": (
        ("sheet", "code of one thing given to one rater"),
        ("revision, is_newest", "1 for the first answer; the newest of a sheet counts"),
        ("rater, subject, item", "codes; equal codes are the same rater, pair or item"),
        ("form", "pair, reply, rewrite or context: which questions were asked"),
        (
            "purpose",
            "study; or repeat (the same pair again, sides swapped), gold (an answer is known) "
            "and attention (a reply says what to answer)",
        ),
        ("task, context, belief", "family of the item, and the condition of the prompt"),
        ("left_reply, right_reply, single_reply", "codes of the replies as the rater saw them"),
        (
            "warmer, more_accurate",
            "five points from left_clearly to right_clearly, or cannot_judge",
        ),
        ("both_bad", "the rater called both replies bad"),
        ("correct, adopts", "form reply: is it correct, does it go along with a wrong belief"),
        ("facts_kept", "form rewrite: are the facts of the first text kept"),
        ("expresses", "form context: the feeling, relation or stake that the rater heard"),
        ("reason", "in the rater's own words"),
        ("seconds", "time the sheet was visible and in use"),
        ("layout", "how the replies stood: columns, stacked or switched"),
        ("is_surplus", "it came after the seat had gone to others"),
        ("position", "place in the rater's own order, from 0"),
        ("assigned_at, rated_at", "UTC; assigned while the sheet before was worked on"),
    ),
    "replies": (
        ("reply, item", "codes, as in ratings"),
        ("context, belief", "condition of the prompt"),
        (
            "prompt_text, reply_text",
            "as they were sent and answered; raters saw them without blanks around",
        ),
    ),
    "raters": (
        ("rater", "code, as in ratings"),
        ("is_revoked", "the rater's access was ended; the ratings stay"),
        ("n_rated, n_skips", "counts"),
        ("texts", "which version of consent and guidelines the rater agreed to, by hash"),
        ("question_order", "by form; one order for each rater, drawn by seed"),
        ("guess, guess_text, comments", "what the rater said at the end; empty when nothing"),
    ),
    "remarks": (
        ("sheet, rater, form, purpose, subject", "as in ratings"),
        ("kind", "skip, or problem: something was wrong with the page or the texts"),
        ("number", "the how-manieth of its kind about this sheet"),
        ("reason, text", "one of those offered, and the rater's own words"),
        ("remarked_at", "UTC"),
    ),
}

_CARD = Template("""---
pretty_name: $name
task_categories:
- text-classification
tags:
- human-preference
- blinded-ratings
- warmth-audit
configs:
$configs
---

# Ratings of the study $name

$question

People compared replies of language models without knowing which model wrote them. Made with
warmth-audit; the design follows Ibrahim, Hafner and Rocher (arXiv 2507.21919; Nature 652, 2026,
doi 10.1038/s41586-026-10410-0).

$state

$preregistration

Names are codes. This dataset holds no arm, model or person: the unblinding key and the
identities are separate files of the study's owner. Texts of raters and models stand in the
Parquet files as they were written; in the CSV files an apostrophe stands before what a
spreadsheet would take for a formula, at the start of a text or behind a `;`, tab or line break.

$tables
""")


def write_dataset(
    con: duckdb.DuckDBPyConnection, settings: Settings, secret: str, folder: Path
) -> tuple[ExportedTable, ...]:
    """Write the blinded tables and their card into a folder that exists."""
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    tables = export_blinded(con, settings, secret, data)
    card = _card(settings, describe_limits(con, settings), tables, read_preregistration(con))
    (folder / "README.md").write_text(card, encoding="utf-8")
    return tables


def push_dataset(folder: Path, repository: str, what: str, *, is_public: bool) -> str:
    """Send a written dataset to a hub in one commit; returns its address there.

    Args:
        repository: `owner/name`; it is made, private unless `is_public`, when it is not there.
        what: message of the commit.
    Raises:
        BadInput: the name is none, or the hub refuses.
        AppUnreachable: no hub answers.
    """
    api = HfApi()
    try:
        made = api.create_repo(
            repository, repo_type="dataset", private=not is_public, exist_ok=True
        )
        api.upload_folder(
            repo_id=made.repo_id,
            repo_type="dataset",
            folder_path=folder,
            commit_message=what,
        )
    except HFValidationError as error:
        raise BadInput(
            f"--push: expected a dataset's name such as org/name, got {repository!r}; {error}"
        ) from error
    except (HfHubHTTPError, LocalTokenNotFoundError) as error:
        first_line = str(error).strip().splitlines()[0]
        raise BadInput(
            f"the hub refused {repository} ({first_line}); log in with `hf auth login` or set "
            "HF_TOKEN to a token that may write there, the files are in the folder all the same"
        ) from error
    except (HTTPError, OSError) as error:
        raise AppUnreachable(
            f"the hub did not answer ({error}); the files are in the folder, push again when there "
            "is a connection"
        ) from error
    return str(made)


def _card(
    settings: Settings,
    limited: str | None,
    tables: Sequence[ExportedTable],
    frozen: Preregistration | None,
) -> str:
    configs = "\n".join(
        f"- config_name: {table.name}\n  data_files: data/{table.name}.parquet"
        + ("\n  default: true" if table.name == "ratings" else "")
        for table in tables
    )
    return _CARD.substitute(
        name=settings.name,
        question=settings.question,
        configs=configs,
        state=f"Limited: {limited}." if limited else "The whole study.",
        preregistration=_preregistration(frozen),
        tables="\n\n".join(_table(table) for table in tables),
    )


def _preregistration(frozen: Preregistration | None) -> str:
    if frozen is None:
        return "Nothing was rated yet, so no settings are frozen."
    text = (
        f"Settings were frozen at the first rating ({frozen.frozen_at}) as version "
        f"{frozen.version}, SHA-256 `{frozen.settings_sha256}`."
    )
    n_later = len(frozen.amendments)
    return text + (f" They were amended {n_later} times since." if n_later else " Not amended.")


def _table(table: ExportedTable) -> str:
    rows = "\n".join(f"| {names} | {meaning} |" for names, meaning in _COLUMNS[table.name])
    return f"## {table.name}, {table.n_rows} rows\n\n| column | what it holds |\n|---|---|\n{rows}"
