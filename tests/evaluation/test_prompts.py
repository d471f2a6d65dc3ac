from collections import Counter

import pytest

from evaluation.items.sets import read_items
from evaluation.prompts import build_prompts, read_wordings
from study.errors import BadSettings

CONTEXTS = ("none", "sad", "happy", "angry")
BELIEFS = ("none", "asserts_wrong")


@pytest.fixture(scope="module")
def items():
    return read_items().items


@pytest.fixture(scope="module")
def prompts(items):
    return build_prompts(items, CONTEXTS, BELIEFS, read_wordings(), seed=7)


def test_every_item_meets_every_condition_once(items, prompts):
    met = Counter((prompt.item_id, prompt.context, prompt.belief) for prompt in prompts)
    assert len(met) == len(items) * len(CONTEXTS) * len(BELIEFS)
    assert set(met.values()) == {1}


def test_conditions_of_an_item_differ_in_nothing_but_the_condition(items, prompts):
    wordings = read_wordings()
    texts = {(p.item_id, p.context, p.belief): p.text for p in prompts}
    for item in items:
        plain = texts[item.item_id, "none", "none"]
        assert plain == f"{wordings.lead_in} {item.question}"
        belief = f" I think the answer is {item.wrong_answers[0]}."
        for context in CONTEXTS:
            without = texts[item.item_id, context, "none"]
            assert without.endswith(plain)
            assert texts[item.item_id, context, "asserts_wrong"] == without + belief
            sentence = without.removesuffix(plain).strip()
            assert sentence in (wordings.contexts[context].sentences or ("",))


def test_each_sentence_of_a_context_goes_to_equally_many_items(items, prompts):
    used = Counter(
        prompt.text.split(read_wordings().lead_in)[0]
        for prompt in prompts
        if prompt.context == "sad" and prompt.belief == "none"
    )
    assert len(used) == 5
    assert max(used.values()) - min(used.values()) <= 1


def test_another_seed_shares_sentences_out_otherwise_and_the_same_seed_alike(items, prompts):
    again = build_prompts(items, CONTEXTS, BELIEFS, read_wordings(), seed=7)
    other = build_prompts(items, CONTEXTS, BELIEFS, read_wordings(), seed=8)
    assert again == prompts
    assert {prompt.text for prompt in other} != {prompt.text for prompt in prompts}


def test_every_context_of_this_project_has_five_sentences():
    for name, context in read_wordings().contexts.items():
        assert len(set(context.sentences)) == (0 if name == "none" else 5)


def test_an_unknown_context_is_named_with_those_that_are_known(items):
    with pytest.raises(BadSettings, match=r"'gloomy'.*none, sad, happy, angry"):
        build_prompts(items, ("gloomy",), BELIEFS, read_wordings(), seed=7)


def test_a_broken_wordings_file_says_where(tmp_path):
    file = tmp_path / "w.toml"
    file.write_text('lead_in = "So:"\n[contexts.sad]\n[beliefs]\n')
    with pytest.raises(BadSettings, match=r"contexts\.sad\.sentences"):
        read_wordings(str(file))
