"""Which loader reads which items, and which of them a study draws.

A source is `packaged`, a local file, a folder or a hub id; a study may have several. Sets without
wrong answers get made ones before anything is drawn, so that the draw changes none of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Protocol

from evaluation.items import (
    advbench,
    disinformation,
    generic,
    gsm8k,
    medqa,
    mmlu,
    triviaqa,
    truthfulqa,
)
from evaluation.items.checks import Doubt, check_items
from evaluation.items.hub import HUB_SETS, load_hub_rows
from evaluation.items.made_answers import make_wrong_answers
from evaluation.items.rows import read_file
from evaluation.row_files import SUFFIXES, Row, Table, parse_json_lines
from study.errors import BadItems
from study.records import Item, stable_id
from study.settings import PACKAGED, ItemSource


class _Loader(Protocol):
    """What a set's module has."""

    NAME: str
    COLUMNS: str

    def recognises(self, row: Row) -> bool: ...

    def load_items(self, table: Table) -> list[Item]: ...


# the generic layout last: its columns are the plainest
_LOADERS: tuple[_Loader, ...] = (
    truthfulqa,
    disinformation,
    medqa,
    mmlu,
    triviaqa,
    gsm8k,
    advbench,
    generic,
)
_MOST_COLUMNS = 20
"""So many are named when they are not those of a set."""

SETS = tuple(loader.NAME for loader in _LOADERS)
"""Names of the sets that can be read."""


@dataclass(frozen=True)
class ItemSet:
    """Items that can be asked, and what the item check had doubts about."""

    items: tuple[Item, ...]
    doubts: tuple[Doubt, ...]
    left_out: tuple[Doubt, ...]
    """Those of the doubts whose items are not among the items."""


def read_items(
    sources: str | Sequence[ItemSource] = PACKAGED, seed: int = 0, *, keep_suspicious: bool = False
) -> ItemSet:
    """Read the items of a study.

    Args:
        sources: `packaged` (the set written for this project), a path or a hub id; or several.
        seed: the study's; by it wrong answers are made, and items drawn of a source with a limit.
        keep_suspicious: keep suspicious items where they can be asked at all.
    Raises:
        BadItems: a source cannot be read, no loader knows its columns, or none of its items can
            be asked.
        MissingExtra: a hub id is named and `datasets` is not installed.
    """
    named = [ItemSource(source=sources)] if isinstance(sources, str) else sources
    by_source = [make_wrong_answers(_load(source), seed) for source in named]
    checked = check_items(
        (item for made in by_source for item in made.items),
        frozenset().union(*(made.loose_ids for made in by_source)),
        keep_suspicious=keep_suspicious,
    )
    kept = dict(checked.kept)
    drawn: list[Item] = []
    first = 0
    for source, made in zip(named, by_source, strict=True):
        places = range(first, first + len(made.items))
        usable = [kept[place] for place in places if place in kept]
        if not usable:
            raise BadItems(_why_none(source, made.items, checked.doubts))
        drawn += draw_items(usable, source.limit, seed)
        first += len(made.items)
    left_out = [doubt for doubt in checked.doubts if not (keep_suspicious and doubt.can_be_asked)]
    return ItemSet(tuple(drawn), checked.doubts, tuple(left_out))


def draw_items(items: Sequence[Item], limit: int | None, seed: int) -> list[Item]:
    """Draw items by seed: evenly over tasks, and within a task as its categories are.

    Returns:
        All items when there is no limit, else `limit` of them, tasks taking turns. Of a task each
        category has its share to within one.
    """
    if limit is None or limit >= len(items):
        return list(items)
    waiting = _in_drawing_order(items, seed)
    drawn: list[Item] = []
    while len(drawn) < limit:
        for task in sorted(waiting):
            if waiting[task] and len(drawn) < limit:
                drawn.append(waiting[task].pop())
    return drawn


def _in_drawing_order(items: Sequence[Item], seed: int) -> dict[str, list[Item]]:
    """Each task's items, the first to be drawn at the end."""
    groups: dict[str, dict[str, list[Item]]] = defaultdict(lambda: defaultdict(list))
    for item in sorted(items, key=lambda item: stable_id(seed, "draw", item.item_id)):
        groups[item.task][item.category].append(item)
    return {task: _interleave(categories, seed)[::-1] for task, categories in groups.items()}


def _interleave(categories: dict[str, list[Item]], seed: int) -> list[Item]:
    """One order of all items, any beginning of which has of each category its share to within one.

    Tijdeman (1980), The chairman assignment problem: of the categories that are owed enough to be
    drawn from, the one that would first be owed too much. Ranking items by their place among their
    category's, the simpler way, misses the share by more than one at times.
    """
    names = sorted(categories, key=lambda name: stable_id(seed, "category", name))
    total = sum(map(len, categories.values()))
    scale = max(2 * len(names) - 2, 1)
    drawn = dict.fromkeys(names, 0)
    order: list[Item] = []
    for place in range(1, total + 1):
        # in units of 1 / (scale * total) items, so that nothing is rounded
        owed = {
            name: scale * (place * len(categories[name]) - total * drawn[name]) for name in names
        }
        name = min(
            (name for name in names if owed[name] >= total),
            key=lambda name: ((scale - 1) * total - owed[name]) / len(categories[name]),
        )
        order.append(categories[name][drawn[name]])
        drawn[name] += 1
    return order


def _load(source: ItemSource) -> list[Item]:
    items: list[Item] = []
    for table in _read_tables(source):
        items += _loader_of(table, source).load_items(table)
    return items


def _read_tables(source: ItemSource) -> Iterator[Table]:
    if source.source == PACKAGED:
        text = resources.files("evaluation").joinpath("items/packaged.jsonl").read_text("utf-8")
        yield parse_json_lines(text, PACKAGED)
        return
    path = Path(source.source).expanduser()
    if path.is_dir():
        # MMLU's own archive holds a folder of files without headers for each split
        folder = path / (source.split or "test")
        files = sorted((folder if folder.is_dir() else path).glob("*_*.csv"))
        if files and source.set in (None, mmlu.NAME):
            yield from map(read_file, files)
        else:
            yield load_hub_rows(source.model_copy(update={"source": str(path)}))
    elif not names_hub_set(source.source):
        yield read_file(path)
    else:
        yield load_hub_rows(source)


def names_hub_set(source: str) -> bool:
    """Whether a source is looked for on the hub, not among files and folders."""
    is_like_one = source.count("/") == 1 and not source.startswith((".", "/", "~"))
    return is_like_one and Path(source).suffix.lower() not in SUFFIXES and not Path(source).exists()


def _loader_of(table: Table, source: ItemSource) -> _Loader:
    hub_set = HUB_SETS.get(source.source)
    wanted = source.set or (hub_set.set if hub_set else None)
    if wanted is not None and wanted not in SETS:
        raise BadItems(f"no set is called {wanted!r}; known are {', '.join(SETS)}")
    for loader in _LOADERS:
        if wanted in (None, loader.NAME) and loader.recognises(table.rows[0]):
            return loader
    names = [" ".join(str(column).split()) for column in table.rows[0]]
    found = ", ".join(names[:_MOST_COLUMNS]) + (", …" if len(names) > _MOST_COLUMNS else "")
    columns = {loader.NAME: loader.COLUMNS for loader in _LOADERS}
    expected = columns[wanted or generic.NAME]
    others = "" if wanted else f", or those of one of the sets {', '.join(SETS[:-1])}"
    raise BadItems(
        f"items file {table.name} has the columns {found}; expected {expected}{others} "
        "(docs/items.md lists them); rename the columns"
    )


def _why_none(source: ItemSource, items: Sequence[Item], doubts: Sequence[Doubt]) -> str:
    item_ids = {item.item_id for item in items}
    kinds = sorted({doubt.kind for doubt in doubts if doubt.item_id in item_ids})
    remedy = (
        "give it a wrong answer per question, such as in a column wrong_answer"
        if kinds == ["no_wrong_answer"]
        else "correct the rows, or name another file"
    )
    return (
        f"none of the {len(items)} items of {source.source} can be asked ({', '.join(kinds)}); "
        f"{remedy}"
    )
