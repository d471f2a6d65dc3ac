"""Known sheets: assignments and what they show, kept in memory. Neither ever changes.

Each sheet is asked for several times, by drafts, signs of life and the submit, and most of them by
several raters; whose an assignment is, is looked at every time.
"""

from dataclasses import replace
from functools import lru_cache

import duckdb

from audit_app.assignment import read_assignment, read_pair_page, read_sheet
from study.records import Assignment, BlindedPair, Sheet

_MOST = 4096
_PAGE = 64
"""Pairs that are read together."""


class KnownSheets:
    """The assignments and sheets that were needed last."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._assignments: dict[str, Assignment] = {}
        self._pairs: dict[str, BlindedPair] = {}
        self._read = lru_cache(_MOST)(lambda nobodys: read_sheet(con.cursor(), nobodys))

    def assignment(self, token: str, rater_id: str) -> Assignment:
        """The assignment of this token.

        Raises:
            NotAllowed: the token is unknown or another rater's; the message does not say which.
        """
        known = self._assignments.get(token)
        if known is None or known.rater_id != rater_id:
            known = read_assignment(self._con.cursor(), token, rater_id)
            self.remember(known)
        return known

    def remember(self, assignment: Assignment) -> None:
        """Keep an assignment that was just given."""
        if len(self._assignments) >= _MOST:
            self._assignments.clear()
        self._assignments[assignment.token] = assignment

    def sheet(self, assignment: Assignment) -> Sheet:
        """What its rater may see of it."""
        if assignment.form == "pair" and assignment.purpose in ("study", "repeat"):
            return self._pair(assignment)
        # read once for all who see the same thing, on whichever sides
        is_swapped = assignment.first_is_left is False
        nobodys = replace(
            assignment,
            token="",
            rater_id="",
            first_is_left=True if is_swapped else assignment.first_is_left,
            position=0,
            assigned_at="",
        )
        sheet = replace(self._read(nobodys), token=assignment.token)
        if is_swapped and isinstance(sheet, BlindedPair):
            return replace(sheet, left_text=sheet.right_text, right_text=sheet.left_text)
        return sheet

    def _pair(self, assignment: Assignment) -> BlindedPair:
        pair = self._pairs.get(assignment.subject_id)
        if pair is None:
            page = read_pair_page(self._con.cursor(), assignment.subject_id, _PAGE)
            if len(self._pairs) >= _MOST:
                self._pairs.clear()
            self._pairs.update(page)
            pair = page[assignment.subject_id]
        left, right = pair.left_text, pair.right_text
        if not assignment.first_is_left:
            left, right = right, left
        return BlindedPair(assignment.token, pair.prompt_text, left, right)
