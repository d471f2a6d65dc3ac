import pytest
from pydantic import BaseModel, ConfigDict

from evaluation.items.rows import parse_rows, read_file
from evaluation.row_files import Table
from study.errors import BadItems


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")

    question: str
    aliases: list[str] = []


def test_a_file_that_cannot_be_read_is_an_error_of_items_that_names_it(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("question,reference\nWhy?\n", encoding="utf-8")
    with pytest.raises(BadItems, match=r"^items file .*a\.csv, row 1: expected 2 cells"):
        read_file(file)


@pytest.mark.parametrize("name", ["no.csv", "no.parquet", "no.xlsx"])
def test_where_no_file_is_found_a_hub_id_could_be_named(tmp_path, name):
    with pytest.raises(BadItems, match=rf"{name} .*or name a hub id such as owner/name$"):
        read_file(tmp_path / name)


def test_a_file_of_mmlu_needs_no_header(tmp_path):
    file = tmp_path / "anatomy_test.csv"
    # semicolons and a line break in a question part no columns
    file.write_text('"Which; of\nthese; is; so; or; not?",1,2,3,4,B\n', encoding="utf-8")
    (row,) = read_file(file).rows
    assert (row["question"][:5], row["A"], row["D"], row["answer"]) == ("Which", "1", "4", "B")


def test_a_row_is_checked_and_empty_cells_count_as_missing():
    table = Table("a.jsonl", [{"question": "Why?", "aliases": ""}, {"question": "How?", "x": 1}])
    rows = parse_rows(_Row, table)
    assert next(rows) == ("a.jsonl, row 1", _Row(question="Why?"))
    with pytest.raises(
        BadItems, match=r"a\.jsonl, row 2, column 'x': .* columns question, aliases"
    ):
        next(rows)


def test_a_row_that_does_not_fit_is_named_by_its_own_number():
    with pytest.raises(BadItems, match=r"a\.jsonl, row 7, column 'question'"):
        list(parse_rows(_Row, Table("a.jsonl", [{"question": [1]}], [7])))
