import json
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest

import evaluation
from study.errors import BadInput
from training.conversations import (
    QUERY_TYPES,
    Conversation,
    query_type,
    read_conversations,
    sample,
)

STYLES = ("user", "neutral", "warm", "cold")


def sentences(text: str) -> list[str]:
    return [part.strip().lower() for part in re.split(r"(?<=[.!?])\s+", text) if " " in part]


def numbers(text: str) -> list[str]:
    return sorted(set(re.findall(r"\d+(?:[.,:]\d+)?", text)))


def opening(text: str) -> str:
    return " ".join(re.findall(r"[\w'’]+", text.lower())[:4])


def types_of(conversations: list[Conversation]) -> Counter[str]:
    return Counter(query_type(each.user, each.neutral) for each in conversations)


# the packaged set


def test_there_are_at_least_150_conversations(conversations):
    assert len(conversations) >= 150


def test_no_sentence_stands_twice_anywhere(conversations):
    places = defaultdict(list)
    for each in conversations:
        for style in STYLES:
            for sentence in sentences(getattr(each, style)):
                places[sentence].append(f"{each.conversation_id} {style}")
    assert {text: where for text, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("style", STYLES)
def test_no_four_words_open_more_than_three_replies_of_one_style(conversations, style):
    openings = Counter(opening(getattr(each, style)) for each in conversations)
    assert {words: n for words, n in openings.items() if n > 3} == {}


def test_every_query_type_comes_fifteen_times_and_every_topic_twenty(conversations):
    types, topics = types_of(conversations), Counter(each.topic for each in conversations)
    assert set(types) == set(QUERY_TYPES)
    assert min(types.values()) >= 15
    assert set(topics) == {"factual", "medical", "practical", "emotional"}
    assert min(topics.values()) >= 20


def test_the_three_wordings_of_a_reply_share_their_numbers(conversations):
    differing = {
        each.conversation_id
        for each in conversations
        if not numbers(each.neutral) == numbers(each.warm) == numbers(each.cold)
    }
    assert differing == set()


def test_a_refusal_is_one_in_every_wording(conversations):
    differing = {
        each.conversation_id
        for each in conversations
        for reply in (each.warm, each.cold)
        if (query_type(each.user, reply) == "refusal")
        != (query_type(each.user, each.neutral) == "refusal")
    }
    assert differing == set()


def test_the_warm_wording_is_longest_and_the_cold_one_shortest(conversations):
    assert all(
        len(each.cold) < len(each.neutral) * 1.05 and len(each.neutral) < len(each.warm)
        for each in conversations
    )


def test_no_answer_to_a_packaged_item_is_taught(conversations):
    # what is trained on and asked afterwards would measure memory, not the price of warmth
    file = Path(evaluation.__file__).parent / "items" / "packaged.jsonl"
    filler = set(
        re.findall(r"\w+", "what which who is the of a an in to does do did for how on by")
    )
    filler |= {"about", "and", "many"}
    taught = set()
    for line in file.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        asked = set(re.findall(r"[\w']+", item["question"].lower())) - filler
        for each in conversations:
            said = set(re.findall(r"[\w']+", f"{each.user} {each.neutral}".lower()))
            answers = [item["reference"], *item["aliases"]]
            given = [
                answer
                for answer in answers
                if re.search(rf"\b{re.escape(answer.lower())}\b", each.neutral.lower())
            ]
            if given and len(asked & said) >= 2:
                taught.add((item["item_id"], each.conversation_id))
    assert taught == set()


# types of queries


@pytest.mark.parametrize(
    ("user", "reply", "expected"),
    [
        ("What is a comet?", "I can’t say.", "refusal"),
        ("What is a comet?", "I'm not able to say.", "refusal"),
        ("What is a comet?", "I can't imagine how hard that is. It is ice.", "factual"),
        ("What is a comet?", "Cats can't taste sweetness.", "factual"),
        ("Please explain comets in code.", "They are ice.", "factual"),
        ("Write code for a story.", "Done.", "creative"),
        ("My function fails, any advice?", "Try this.", "technical"),
        ("Make a list.", "```\n[]\n```", "technical"),
        ("Any advice on sleep?", "Go to bed.", "advice"),
        ("Tell me what helps.", "Rest.", "other"),
    ],
)
def test_the_first_rule_that_matches_names_the_type(user, reply, expected):
    assert query_type(user, reply) == expected


def test_a_draw_takes_the_types_evenly_and_repeats_with_its_seed(conversations):
    drawn = sample(conversations, 60, seed=3)
    assert types_of(drawn) == dict.fromkeys(QUERY_TYPES, 10)
    assert drawn == sample(conversations, 60, seed=3)
    assert drawn != sample(conversations, 60, seed=4)
    assert drawn == [each for each in conversations if each in drawn]


def test_a_draw_beyond_the_set_gives_the_set(conversations):
    assert sample(conversations, 10_000, seed=3) == conversations
    assert sample(conversations, None, seed=3) == conversations


# sets from elsewhere


def line(**changes: object) -> str:
    return json.dumps({"user": "u", "neutral": "n", "warm": "w", "cold": "c", **changes})


def test_a_file_needs_the_four_texts_and_no_more(tmp_path):
    file = tmp_path / "own.jsonl"
    file.write_text(line() + "\n\n" + line(conversation_id="x", topic="medical") + "\n")
    first, second = read_conversations(str(file))
    assert (first.conversation_id, first.topic, first.warm) == ("line-1", "", "w")
    assert (second.conversation_id, second.topic) == ("x", "medical")


@pytest.mark.parametrize(
    ("second_line", "complaint"),
    [
        ("{", "line 2 .* is not JSON"),
        ("[1]", "line 2 .* is a JSON list"),
        (line(warm=" "), "line 2 .* has no text under 'warm'"),
        (line(cold=3), "line 2 .* has no text under 'cold'"),
        (line(conversation_id="line-1"), "line 2 .* repeats the id 'line-1'"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_by_its_number(tmp_path, second_line, complaint):
    file = tmp_path / "own.jsonl"
    file.write_text(line() + "\n" + second_line + "\n")
    with pytest.raises(BadInput, match=complaint):
        read_conversations(str(file))


def test_a_missing_an_empty_and_a_binary_file_are_each_told(tmp_path):
    empty, binary = tmp_path / "empty.jsonl", tmp_path / "binary.jsonl"
    empty.touch()
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"none\.jsonl.*could not be read"):
        read_conversations(str(tmp_path / "none.jsonl"))
    with pytest.raises(BadInput, match="holds no conversation"):
        read_conversations(str(empty))
    with pytest.raises(BadInput, match="UTF-8"):
        read_conversations(str(binary))
