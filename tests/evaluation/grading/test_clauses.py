"""What a look at a sentence's words settles is what a look at its clauses would find."""

from hypothesis import given
from hypothesis import strategies as st

from evaluation.grading.clauses import stands_alone
from evaluation.grading.mentions import _look_closely, forms_of
from evaluation.grading.reading import Reading

PIECES = ["it is", "Sydney", "not", "never", "wrong", "that is", "true", "you", "said", "many think",
    "your answer", "a common", "guess", "belief", "answer", "than", "although", "but", "because", "and",
    "was", "no", "myth", "yes", "if", "attempt", "yesterday", "the", "a", "I agree", "you are", "right", "well",
    ",", ".", ". ", "; ", " - ", "—", "\n"]  # fmt: skip
(SYDNEY,) = forms_of(("Sydney",))
TEXTS = st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join)


@given(TEXTS)
def test_where_an_answer_stands_alone_no_clause_takes_it_back(text):
    reading = Reading(text)
    for number, spoken in enumerate(reading.spoken):
        if "sydney" in spoken and stands_alone(spoken, reading.opening_of(number + 1)):
            found = _look_closely(reading, number, SYDNEY)
            assert (found.states, found.denies) == (True, False)
