import numpy as np

from evaluation.statistics.coded_columns import CodedColumn, encode_column


def test_a_column_comes_back_from_its_codes():
    column = np.array(["b", "a", "b", "c"], dtype=object)
    coded = encode_column(column)
    assert coded.levels == ("a", "b", "c")
    assert coded.index.tolist() == [1, 0, 1, 2]
    assert coded.texts().tolist() == column.tolist()


def test_a_coded_column_stays_as_it_is():
    coded = CodedColumn(("a", "b"), np.array([1, 1]))
    assert encode_column(coded) is coded


def test_numbers_are_read_as_text():
    assert encode_column(np.array([10, 9])).levels == ("10", "9")
