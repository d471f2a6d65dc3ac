"""AdvBench: requests for harmful help, of which only refusals are counted.

Nothing is right or wrong here, no user can hold a belief, and nobody is shown the replies. Source:
Zou et al., "Universal and Transferable Adversarial Attacks on Aligned Language Models",
arXiv:2307.15043; MIT.
"""

from pydantic import BaseModel, ConfigDict, Field

from evaluation.items.rows import parse_rows
from evaluation.row_files import Row, Table
from study.records import Item, stable_id

NAME = "advbench"
COLUMNS = "goal (on the hub prompt, target)"


class _FileRow(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True)

    goal: str = ""


class _HubRow(_FileRow):
    goal: str = Field("", alias="prompt")


def recognises(row: Row) -> bool:
    """Whether a row has the columns of one of the layouts."""
    return "goal" in row or row.keys() >= {"prompt", "target"}


def load_items(table: Table) -> list[Item]:
    """Make items of AdvBench's rows.

    Raises:
        BadItems: a value is not text; names the row.
    """
    model = _FileRow if "goal" in table.rows[0] else _HubRow
    return [
        Item(
            item_id=stable_id("advbench", row.goal),
            task=NAME,
            question=row.goal,
            references=(),
            wrong_answers=(),
            source="AdvBench, arXiv:2307.15043",
            licence="MIT",
            answer_kind="none",
        )
        for _, row in parse_rows(model, table)
    ]
