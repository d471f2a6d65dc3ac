"""Practice: the pairs that a rater answers before the study, each with an answer to learn from.

Nothing of it is stored but that it was done (`onboarding.py`): no rating, no draft. Who is in the
middle of it is remembered in memory, so that a restart of the app at worst asks a pair again.
"""

from collections.abc import Sequence

from audit_app.cards import Place, RatingCard, sheet_card
from audit_app.forms import QUESTIONS, Question, label_of
from audit_app.rater_texts import PracticePair
from audit_app.ratings import Answers, check_submission
from study.records import BlindedPair


class Practice:
    """The practice pairs, and which of them each rater has answered."""

    def __init__(self, pairs: Sequence[PracticePair]) -> None:
        # shorter than the token of any assignment, so never one
        self._pairs = {f"practice-{number}": pair for number, pair in enumerate(pairs, start=1)}
        self._answered: dict[str, set[str]] = {}

    def has(self, token: str) -> bool:
        """Whether a token is that of a practice pair."""
        return token in self._pairs

    def card(self, rater_id: str, order: Sequence[str]) -> RatingCard:
        """The first pair that this rater has not answered; the last one when there is none."""
        open_tokens = [token for token in self._pairs if token not in self._answers_of(rater_id)]
        token = open_tokens[0] if open_tokens else list(self._pairs)[-1]
        return self.card_of(token, order)

    def card_of(self, token: str, order: Sequence[str]) -> RatingCard:
        """One practice pair with its questions."""
        pair = self._pairs[token]
        sheet = BlindedPair(token, pair.prompt_text, pair.left_text, pair.right_text)
        practice = self._place(token)
        place = Place(practice["number"], practice["total"])
        return sheet_card("pair", sheet, order, place, {}) | {"practice": practice}

    def answer(
        self, rater_id: str, token: str, answers: Answers, idempotency_key: str
    ) -> RatingCard:
        """What the rater learns from a pair answered.

        Raises:
            BadInput: an answer is missing or not allowed; the message names it.
        """
        check_submission(QUESTIONS["pair"], answers, idempotency_key)
        self._answered[rater_id] = self._answers_of(rater_id) | {token}
        pair = self._pairs[token]
        warmer, more_accurate, _ = QUESTIONS["pair"]
        return {
            "view": "feedback",
            "practice": self._place(token),
            "items": [
                _compare(warmer, answers, pair.accepted_warmer),
                _compare(more_accurate, answers, pair.accepted_accurate),
            ],
            "explanation": pair.explanation,
        }

    def is_done(self, rater_id: str) -> bool:
        """Whether this rater has answered all pairs."""
        return self._answers_of(rater_id) >= self._pairs.keys()

    def forget(self, rater_id: str) -> None:
        """Start anew, for the day on which the texts change and practice is asked for again."""
        self._answered.pop(rater_id, None)

    def _answers_of(self, rater_id: str) -> set[str]:
        return self._answered.get(rater_id, set())

    def _place(self, token: str) -> dict[str, int]:
        return {"number": list(self._pairs).index(token) + 1, "total": len(self._pairs)}


def _compare(
    question: Question, answers: Answers, accepted: Sequence[str]
) -> dict[str, str | bool]:
    given = answers.values[question.name]
    return {
        "legend": question.legend,
        "yours": label_of(question, given),
        "ours": " or ".join(label_of(question, value) for value in accepted) or "any answer",
        "right": not accepted or given in accepted,
    }
