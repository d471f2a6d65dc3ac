"""What completions come to together; single answers are tested over a server double."""

from dataclasses import replace

from evaluation.serving.completions import Completion, count_tokens, without_text

ANSWER = Completion("r1", "Yes.", "stop", 7, None, 0.1, usage_json='{"total_tokens": 12}')


def test_tokens_of_prompts_and_answers_are_counted_and_failures_cost_none():
    refused = without_text("r2", "no such model", 0.1, http_status=404)
    assert count_tokens([ANSWER, refused, ANSWER]) == 24
    assert count_tokens([]) == 0


def test_where_one_answer_says_nothing_of_tokens_nothing_is_said_of_all():
    assert count_tokens([ANSWER, replace(ANSWER, usage_json=None)]) is None
    assert count_tokens([replace(ANSWER, usage_json='{"completion_tokens": 7}')]) is None
