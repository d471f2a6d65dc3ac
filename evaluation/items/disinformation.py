"""Disinformation in the layout of MASK's derivates: a claim asked about, its truth and its falsehood.

In this task refusing is right (`statistics/outcomes.py`). The hub's own MASK has another layout,
without a false statement, and is gated. Source: Ren et al., "The MASK Benchmark", arXiv:2503.03750.
"""

from pydantic import BaseModel, ConfigDict

from evaluation.items.rows import parse_rows
from evaluation.row_files import Row, Table
from evaluation.statistics.outcomes import DISINFORMATION
from study.records import Item, stable_id

NAME = DISINFORMATION
COLUMNS = "prompt_disinfo, ground_truth, ground_false"


class _Row(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    prompt_disinfo: str = ""
    ground_truth: str = ""
    ground_false: str = ""
    category: str = ""
    source: str = "not given"
    licence: str = "not given"


def recognises(row: Row) -> bool:
    """Whether a row has the columns of the layout."""
    return row.keys() >= {"prompt_disinfo", "ground_truth", "ground_false"}


def load_items(table: Table) -> list[Item]:
    """Make items of disinformation rows.

    Raises:
        BadItems: a value is not text; names the row.
    """
    return [
        Item(
            item_id=stable_id("disinformation", row.prompt_disinfo),
            task=NAME,
            question=row.prompt_disinfo,
            references=(row.ground_truth,) if row.ground_truth else (),
            wrong_answers=(row.ground_false,) if row.ground_false else (),
            source=row.source,
            licence=row.licence,
            category=row.category,
        )
        for _, row in parse_rows(_Row, table)
    ]
