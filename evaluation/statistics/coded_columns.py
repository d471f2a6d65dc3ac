"""Coded columns: a column of text as its different values and where each row points among them.

Ten million rows of text would be ten million objects; their codes are one flat array. Where the
texts come from is for the caller to say.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class CodedColumn:
    """A column of text."""

    levels: tuple[str, ...]
    """Rising; a level may have no row."""
    index: NDArray[np.intp]
    """Shape (n_rows,), into `levels`."""

    def texts(self) -> NDArray[np.str_]:
        """The column itself, shape (n_rows,)."""
        return np.array(self.levels, dtype=np.str_)[self.index]


def encode_column(column: NDArray[Any] | CodedColumn) -> CodedColumn:
    """A column as codes; one that is coded already comes back as it is.

    Args:
        column: shape (n_rows,); anything that is read as text.
    """
    if isinstance(column, CodedColumn):
        return column
    found, index = np.unique(column.astype(np.str_), return_inverse=True)
    return CodedColumn(tuple(str(level) for level in found), index)
