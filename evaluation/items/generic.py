"""The generic layout, CSV or JSONL: one row per question, for sets that no other loader knows.

Columns: `question`, `reference` and `wrong_answer` are needed. `aliases` and `wrong_aliases`
(a list in JSONL; parts between semicolons in CSV), `item_id`, `task`, `source` and `licence`
may be there. A column of any other name is a mistake, and said so.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from study.errors import BadItems
from study.records import Item, stable_id

NEEDED_COLUMNS = frozenset({"question", "reference", "wrong_answer"})


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    question: str = Field(min_length=1)
    reference: str = Field(min_length=1)
    wrong_answer: str = Field(min_length=1)
    aliases: list[str] = []
    wrong_aliases: list[str] = []
    item_id: str = ""
    task: str = "other"
    source: str = "not given"
    licence: str = "not given"

    @field_validator("aliases", "wrong_aliases", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return [part.strip() for part in value.split(";") if part.strip()]
        return value


def load_rows(rows: Iterable[Mapping[str, Any]], file: str) -> list[Item]:
    """Make items of rows in the generic layout.

    Raises:
        BadItems: a row lacks a column, has an unknown one, or an empty value; names the row.
    """
    items = []
    for number, row in enumerate(rows, start=1):
        try:
            parsed = _Row.model_validate({key: value for key, value in row.items() if value != ""})
        except ValidationError as error:
            problem = error.errors()[0]
            column = ".".join(str(part) for part in problem["loc"])
            raise BadItems(
                f"{file}, row {number}, column {column!r}: {problem['msg'].lower()}; expected the "
                f"columns {', '.join(_Row.model_fields)}"
            ) from error
        items.append(
            Item(
                item_id=parsed.item_id or stable_id("item", parsed.question),
                task=parsed.task,
                question=parsed.question,
                references=(parsed.reference, *parsed.aliases),
                wrong_answers=(parsed.wrong_answer, *parsed.wrong_aliases),
                source=parsed.source,
                licence=parsed.licence,
            )
        )
    return items
