import numpy as np
import pytest

from evaluation.statistics.intervals import index_units


@pytest.mark.parametrize(
    "ids",
    [
        np.array([7, 3, 7, 12, 3]),
        np.array([0]),
        np.array([5, 10**9, 5]),
        np.array([-1, 4, -1]),
        np.array(["b", "a", "b"]),
        np.array([], dtype=np.int64),
    ],
)
def test_units_are_numbered_in_the_order_of_their_ids_whatever_the_ids_are(ids):
    names, index = np.unique(ids, return_inverse=True)
    units = index_units(ids)
    assert units.n == len(names)
    assert units.index.tolist() == index.tolist()
