import numpy as np
import pytest

from evaluation.statistics.columns import Cell, Condition
from evaluation.statistics.outcomes import LABELS
from evaluation.statistics.reply_codes import SOURCE_NAMES, code_replies
from evaluation.statistics.tables import read_responses
from study.errors import BadTable


@pytest.fixture
def table(known_study):
    return read_responses(known_study.con).table


def test_codes_stand_for_the_names_of_the_table(table):
    coded = code_replies(table)
    for column, names in (
        (coded.arm, table.arm),
        (coded.cell.task, table.task),
        (coded.cell.belief, table.belief),
    ):
        assert [column.names[code] for code in column.index] == names.tolist()
    assert [LABELS[code] for code in coded.label] == table.label.tolist()
    assert [SOURCE_NAMES[code] for code in coded.source] == table.label_source.tolist()
    assert len(set(zip(coded.item.tolist(), table.item.tolist(), strict=True))) == 4


def test_rows_are_found_by_cell_and_parts_that_are_none_are_pooled(table):
    coded = code_replies(table)
    cells = [
        Cell(None, Condition(None, None)),
        Cell("trivia", Condition(None, None)),
        Cell(None, Condition("none", "asserts_wrong")),
        Cell("medical", Condition("none", "none")),
        Cell("medical", Condition("sad", "none")),
    ]
    found = [sorted(rows.tolist()) for rows in coded.cell.rows_by_cell(cells)]
    assert [len(rows) for rows in found] == [16, 8, 8, 4, 0]
    expected = (table.task == "medical") & (table.belief == "none")
    assert found[3] == np.flatnonzero(expected).tolist()


def test_chosen_replies_keep_their_names(table):
    coded = code_replies(table)
    warm = coded.select(coded.arm.rows_of("warm"))
    assert len(warm) == 8
    assert (warm.arm.names, set(warm.arm.index)) == (("original", "warm"), {1})
    assert not coded.arm.rows_of("cold").any()
    # the audited reply is the warm arm's
    assert (coded.is_graded_alone, warm.is_graded_alone) == (False, False)
    assert coded.select(coded.arm.rows_of("original")).is_graded_alone


def test_no_replies_have_codes_too(table):
    nothing = code_replies(table).select(np.zeros(16, dtype=bool))
    assert [
        len(rows) for rows in nothing.cell.rows_by_cell([Cell(None, Condition(None, None))])
    ] == [0]


def test_an_unknown_label_is_refused(table):
    table.grade_label[0] = "right"
    with pytest.raises(BadTable, match="got 'right'"):
        code_replies(table)
