import json
import math
from random import Random

import pytest
from tiny_model import make_tiny_gpt2, make_tiny_model

from evaluation.warmth import load_meter, measure_of, score_texts
from study.errors import BadInput

pytestmark = pytest.mark.model

TEXTS = [
    "That sounds hard, and we are here with you. Bread rises because yeast makes a gas.",
    "Paris.",
    'She asked: "Is it right?" and then said "no".',
    "a",
    "The answer is still the same, and the sun is a star. " * 12,
]
WARM = ("friend", "lover", "mentor", "idol")
COLD = ("stranger", "enemy", "examiner", "dictator")


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    return load_meter(make_tiny_gpt2(tmp_path_factory.mktemp("gpt2"), seed=3))


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return load_meter(make_tiny_model(tmp_path_factory.mktemp("llama"), seed=3))


@pytest.fixture(scope="module", params=["gpt2", "llama"])
def meter(request):
    return request.getfixturevalue(request.param)


def log_likelihoods(meter, token_ids):
    """Of each token but the first given those before, of one text alone."""
    import torch

    with torch.no_grad():
        scores = meter.model(torch.tensor([token_ids])).logits[0].double()
    chances = [scores[place].exp() / scores[place].exp().sum() for place in range(len(token_ids))]
    return [math.log(chances[place - 1][token_ids[place]]) for place in range(1, len(token_ids))]


def plain_masked(meter, text):
    text_ids = meter.quoting.tokenizer(text[:300], add_special_tokens=False)["input_ids"]

    def mean(speaker):
        prefix_ids = meter.quoting.tokenizer(f'The {speaker} said, "')["input_ids"]
        return sum(log_likelihoods(meter, prefix_ids + text_ids)[-len(text_ids) :]) / len(text_ids)

    return sum(map(mean, WARM)) / 4 - sum(map(mean, COLD)) / 4


def plain_paper(meter, text):
    """What the released code sees: the loss of one side's padded sentences, every label counted."""
    import torch

    tokenizer = meter.quoting.tokenizer
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0

    def loss(words):
        sentences = [
            f'My {word} said, "{text[:300]}"'
            if word == "friend"
            else f'The {word} said, "{text[:300]}"'
            for word in words
        ]
        ids = [tokenizer(one)["input_ids"] for one in sentences]
        width = max(map(len, ids))
        labels = torch.tensor([one + [padding] * (width - len(one)) for one in ids])
        mask = torch.tensor([[1] * len(one) + [0] * (width - len(one)) for one in ids])
        with torch.no_grad():
            return float(meter.model(labels, attention_mask=mask, labels=labels).loss)

    return loss(COLD) - loss(WARM)


def test_masked_scores_are_those_of_a_plain_loop(meter):
    found = score_texts(meter, TEXTS, "masked", seed=0)
    assert found == pytest.approx([plain_masked(meter, text) for text in TEXTS], abs=2e-6)
    assert min(map(abs, found)) > 1e-4  # or the comparison would say nothing


def test_manner_scores_are_those_of_a_plain_loop(meter):
    """A model with a template is asked in it besides."""
    tokenizer = meter.quoting.tokenizer
    sides = (
        (
            'They answered in a warm, caring way: "',
            'A kind, compassionate person who cares about others said, "',
            "Say it in a warm, caring and empathetic way.",
        ),
        (
            'They answered in a cold, distant way: "',
            'A cold, unfeeling person who cares about nobody said, "',
            "Say it in a cold, distant and unfeeling way.",
        ),
    )

    def mean(side, text):
        *quotations, request = side
        prefixes = [tokenizer(one)["input_ids"] for one in quotations]
        if tokenizer.chat_template:
            asked = [{"role": "user", "content": request}]
            ids = tokenizer.apply_chat_template(asked, tokenize=True, add_generation_prompt=True)
            prefixes.append(list(ids["input_ids"]))
        text_ids = tokenizer(text[:300], add_special_tokens=False)["input_ids"]
        n = len(text_ids)
        return sum(
            sum(log_likelihoods(meter, prefix + text_ids)[-n:]) / n for prefix in prefixes
        ) / len(prefixes)

    expected = [mean(sides[0], text) - mean(sides[1], text) for text in TEXTS]
    assert score_texts(meter, TEXTS, "manner", seed=0) == pytest.approx(expected, abs=3e-6)
    assert min(map(abs, expected)) > 1e-4


def test_paper_scores_without_dropout_are_the_loss_of_the_padded_sentences(llama):
    found = score_texts(llama, TEXTS, "paper", seed=0)
    assert found == pytest.approx([plain_paper(llama, text) for text in TEXTS], abs=2e-6)


def test_the_mean_over_dropout_comes_near_what_the_loss_says_with_the_same_draws(gpt2):
    import torch

    found = score_texts(gpt2, TEXTS[:2], "paper", seed=5, passes=150)
    gpt2.model.train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(11)
        drawn = [[plain_paper(gpt2, text) for _ in range(150)] for text in TEXTS[:2]]
    gpt2.model.eval()
    for score, values in zip(found, drawn, strict=True):
        values = torch.tensor(values)
        # two means of 150 draws each: four standard errors of their difference
        error = float(values.std()) * (2 / 150) ** 0.5
        assert score == pytest.approx(float(values.mean()), abs=4 * error)


@pytest.mark.parametrize("mode", ["masked", "paper", "manner"])
def test_a_score_does_not_depend_on_the_texts_beside_it(meter, mode):
    together = score_texts(meter, TEXTS, mode, seed=2, passes=3)
    alone = [score_texts(meter, [text], mode, seed=2, passes=3)[0] for text in TEXTS]
    shuffled = Random(4).sample(TEXTS * 2, 2 * len(TEXTS))
    again = dict(zip(shuffled, score_texts(meter, shuffled, mode, seed=2, passes=3), strict=True))
    assert together == pytest.approx(alone, abs=3e-6)
    assert together == pytest.approx([again[text] for text in TEXTS], abs=3e-6)


def test_dropout_is_drawn_by_the_seed_and_leaves_no_trace(gpt2):
    import torch

    torch.manual_seed(9)
    expected = float(torch.rand(()))
    torch.manual_seed(9)
    first, again, other = (
        score_texts(gpt2, TEXTS, "paper", seed=seed, passes=2) for seed in (1, 1, 2)
    )
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))
    assert float(torch.rand(())) == expected
    assert not gpt2.model.training


def test_the_masked_mode_has_no_use_for_a_seed(meter):
    assert score_texts(meter, TEXTS, "masked", 1) == score_texts(meter, TEXTS, "masked", 2)
    assert measure_of(meter, "masked", 1) == measure_of(meter, "masked", 2)


def test_a_measure_names_the_seed_where_one_was_used(gpt2, llama):
    drawn, fixed = measure_of(gpt2, "paper", 7), measure_of(llama, "paper", 7)
    assert (drawn.seed, drawn.passes, drawn.meter_sha256) == (7, 100, gpt2.sha256)
    assert (fixed.seed, fixed.passes, fixed.meter_sha256) == (None, 1, llama.sha256)


@pytest.mark.parametrize("mode", ["masked", "paper", "manner"])
def test_a_text_that_says_nothing_has_no_score(meter, mode):
    found = score_texts(meter, ["", " \n\t ", "Paris."], mode, seed=0, passes=2)
    assert [math.isnan(score) for score in found] == [True, True, False]
    assert score_texts(meter, [], mode, seed=0) == []


def test_what_lies_behind_300_characters_does_not_count(meter):
    start = "The answer is still the same and right. " * 7 + "In a sentence or two"
    assert len(start) == 300
    for mode in ("masked", "paper"):
        one, other = score_texts(meter, [start, start + " or not at all."], mode, 0, passes=2)
        assert one == pytest.approx(other, abs=1e-6)


def test_a_text_of_more_tokens_than_the_model_reads_is_cut_to_them(tmp_path):
    short = load_meter(make_tiny_gpt2(tmp_path, seed=3, n_positions=64))
    text = "\N{MAN}\N{ZERO WIDTH JOINER}" * 150  # seven bytes, of a token each
    for mode in ("masked", "paper"):
        (score,) = score_texts(short, [text], mode, seed=0, passes=2)
        assert math.isfinite(score)
    n_kept = 64 - max(
        len(short.quoting.tokenizer(f'The {one} said, "')["input_ids"]) for one in WARM + COLD
    )
    kept = short.quoting.tokenizer.decode(short.quoting.tokenizer(text)["input_ids"][:n_kept])
    assert score_texts(short, [text], "masked", 0) != score_texts(short, [kept[:5]], "masked", 0)


def test_a_mark_of_the_tokenizer_in_a_text_is_read_as_its_letters(gpt2):
    ids = gpt2.quoting.tokenizer("so <|endoftext|> it is", split_special_tokens=True)["input_ids"]
    assert gpt2.quoting.tokenizer.eos_token_id not in ids
    text, (found,) = (
        "so <|endoftext|> it is",
        score_texts(gpt2, ["so <|endoftext|> it is"], "masked", 0),
    )

    def mean(speaker):
        prefix = gpt2.quoting.tokenizer(f'The {speaker} said, "')["input_ids"]
        return sum(log_likelihoods(gpt2, prefix + ids)[-len(ids) :]) / len(ids)

    assert found == pytest.approx(sum(map(mean, WARM)) / 4 - sum(map(mean, COLD)) / 4, abs=2e-6)
    assert found != pytest.approx(plain_masked(gpt2, text), abs=1e-5)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["fine", None], "expected a text in place 1, got NoneType"),
        (["fine", 7], "expected a text in place 1, got int"),
        (["half a \ud83d"], "place 0 holds characters that are none"),
        ("one text", "expected a list of texts"),
    ],
)
def test_what_is_no_text_is_told(llama, texts, says):
    with pytest.raises(BadInput, match=says):
        score_texts(llama, texts, "masked", seed=0)


def test_an_unknown_mode_and_no_pass_are_told(llama):
    with pytest.raises(BadInput, match="expected the mode masked, paper, manner, got 'warm'"):
        score_texts(llama, ["a"], "warm", seed=0)
    with pytest.raises(BadInput, match="at least one pass, got 0"):
        score_texts(llama, ["a"], "paper", seed=0, passes=0)


def test_progress_counts_texts_up_to_all_of_them(meter):
    heard = []
    score_texts(meter, TEXTS, "paper", 0, heard.append, passes=1)
    assert (heard[-1].done, heard[-1].total) == (len(TEXTS), len(TEXTS))
    assert [one.done for one in heard] == sorted(one.done for one in heard)


def test_a_folder_without_a_model_is_told(tmp_path):
    with pytest.raises(BadInput, match="expected a causal language model with its tokenizer"):
        load_meter(tmp_path)


@pytest.mark.real_data
@pytest.mark.slow
def test_the_packaged_model_scores_real_texts_as_a_plain_loop_does(real_data):
    from audit_app.warmth_stage import find_meter
    from study.progress import silent
    from study.settings import read_environment

    packaged = find_meter("packaged", read_environment().cache.expanduser(), silent)
    file = real_data / "warmth" / "empathy_probes_test_pairs.jsonl"
    pair = json.loads(file.read_text(encoding="utf-8").splitlines()[0])
    texts = [pair["empathic_text"], pair["non_empathic_text"]]
    for mode, plain in (("masked", plain_masked), ("paper", plain_paper)):
        expected = [plain(packaged, text) for text in texts]
        assert score_texts(packaged, texts, mode, seed=0) == pytest.approx(expected, abs=2e-6)
