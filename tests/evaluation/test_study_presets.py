import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.prompts import read_wordings
from evaluation.study_presets import read_preset
from study.errors import BadSettings


def test_the_preset_paper_has_the_sizes_of_the_study():
    paper = read_preset("paper")
    assert {one.task: one.items for one in paper.sets} == {
        "triviaqa": 500,
        "truthfulqa": 500,
        "medqa": 500,
        "disinformation": 125,
    }
    assert (paper.n_items, paper.n_conditions) == (1625, 27)
    assert (paper.decoding.temperature, paper.decoding.max_new_tokens) == (0.8, 300)
    assert len(paper.models) == 5
    assert paper.n_graded == 439_792


def test_the_preset_paper_asks_under_contexts_and_beliefs_that_have_wordings():
    paper, wordings = read_preset("paper"), read_wordings()
    assert set(paper.contexts) == set(wordings.contexts)
    assert set(paper.beliefs) == set(wordings.beliefs)


def test_a_rate_that_is_given_takes_the_place_of_the_assumed_one():
    paper = read_preset("paper")
    given = {"usd_per_gpu_hour": 4.0, "gpu_tflops": None}
    other = paper.with_rates(given, reply_tokens=120)
    assert other.rates.usd_per_gpu_hour == 4
    assert other.rates.gpu_tflops == paper.rates.gpu_tflops
    assert other.decoding.max_new_tokens == 120
    assert paper.with_rates({}, None) == paper


@pytest.mark.parametrize("share", [0.0, 1.2, float("nan")])
def test_a_rate_out_of_its_range_is_named(share):
    with pytest.raises(BadSettings, match="generating_share"):
        read_preset("paper").with_rates({"generating_share": share}, None)


def test_an_unknown_preset_is_said_with_those_that_are_known():
    with pytest.raises(BadSettings, match=r"expected --preset paper or the path.*'papers'"):
        read_preset("papers")


def test_a_preset_of_ones_own_that_lacks_a_part_says_which(tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text('name = "mine"\nsource = "?"\n', encoding="utf-8")
    with pytest.raises(BadSettings, match=r"mine\.toml: arms"):
        read_preset(str(file))


@given(st.binary(max_size=200))
def test_any_other_file_is_refused_with_its_name(tmp_path_factory, content):
    file = tmp_path_factory.getbasetemp() / "drawn-preset.toml"
    file.write_bytes(content)
    with pytest.raises(BadSettings, match=r"drawn-preset\.toml"):
        read_preset(str(file))
