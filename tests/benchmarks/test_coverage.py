import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coverage import all_scenarios
from coverage_tables import as_markdown, coverage_of
from scenarios.agreement import Rating, truth_of_unanimous, truths_of_nominal, truths_of_ranks
from scenarios.judges import Judged, truths_of_judge
from scenarios.made_outcomes import draw_outcomes, mean_of_preference, share_of_mean
from scenarios.meters import Heard, truths_of_meter
from scenarios.warmth_ratings import People, truths_of_people
from shown_intervals import SHOWN

ROOT = Path(__file__).parents[2]


def run_coverage(*options, only="wilson"):
    done = subprocess.run(
        [sys.executable, "benchmarks/coverage.py", "--only", only, *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def test_studies_that_are_there_are_kept_and_others_added(tmp_path):
    in_parts, at_once = tmp_path / "parts.json", tmp_path / "once.json"
    run_coverage("--studies", "20", "--out", str(in_parts))
    run_coverage("--studies", "50", "--out", str(in_parts))
    run_coverage("--studies", "50", "--out", str(at_once))
    parts, once = (json.loads(path.read_text())["cells"] for path in (in_parts, at_once))
    assert [cell["n_studies"] for cell in parts] == [50] * 12
    for part, whole in zip(parts, once, strict=True):
        assert part.pop("sum_width") == pytest.approx(whole.pop("sum_width"))
        assert part.pop("sum_value") == pytest.approx(whole.pop("sum_value"))
        assert part == whole


def test_an_estimator_drawn_first_gets_no_study_twice(tmp_path):
    file = str(tmp_path / "coverage.json")
    run_coverage("--studies", "10", "--out", file, only="null_gaps_by_context_t")
    run_coverage("--studies", "20", "--out", file, only="null_gaps_by_context")
    cells = json.loads(Path(file).read_text())["cells"]
    assert {cell["n_studies"] for cell in cells} == {20}


def test_outcomes_of_one_item_correlate_as_asked():
    drawn = draw_outcomes(np.random.default_rng(1), np.full((200_000, 2), 0.3), 0.2)
    assert drawn.mean() == pytest.approx(0.3, abs=0.005)
    # 200,000 pairs: the correlation scatters by 1/√200,000 = 0.002
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.2, abs=0.01)


def test_the_truths_of_agreement_by_hand():
    # both hit with 1/4 and agree, else by chance 1/3: p_a = 1/4 + 3/4 · 1/3 = 1/2, and with even
    # values every coefficient is (1/2 − 1/3) / (2/3) = 1/4
    truths = truths_of_nominal(Rating((1 / 3, 1 / 3, 1 / 3), hit=0.5, n_raters=2))
    assert truths.pop("percent") == pytest.approx(1 / 2)
    assert list(truths.values()) == pytest.approx([1 / 4] * 5)


def test_all_raters_say_the_same_as_often_as_two_of_two_agree():
    rating = Rating((1 / 3, 1 / 3, 1 / 3), hit=0.5, n_raters=2)
    assert truth_of_unanimous(rating) == pytest.approx(1 / 2)


def test_ranks_and_ratios_of_equal_ratings_agree_fully():
    # arcsin(1/2) is π/6, and equal ratings have no distance
    assert truths_of_ranks(1.0) == pytest.approx({"alpha_ordinal_fine": 1, "alpha_ratio_fine": 1})


def test_the_truths_of_a_judge_by_hand():
    judged = Judged(40, 40, (0.3, 0.4), 0.8, 0.9, 0.8, prefers_errors=False)
    truths = truths_of_judge(judged)
    # called errors: 0.4 · 0.8 + 0.6 · 0.1 = 0.38; both agree on 0.4 · 0.8 + 0.6 · 0.9 = 0.86, by
    # chance on 0.4 · 0.38 + 0.6 · 0.62 = 0.524, and for AC1 on 2 · 0.39 · 0.61 = 0.4758
    assert truths["judge_rate"] == pytest.approx(0.38)
    assert truths["judge_kappa"] == pytest.approx((0.86 - 0.524) / (1 - 0.524))
    assert truths["judge_ac1"] == pytest.approx((0.86 - 0.4758) / (1 - 0.4758))
    assert truths["corrected_gap_pooled"] == pytest.approx(10)


def test_a_meter_that_hears_nothing_has_half_the_area():
    truths = truths_of_meter(Heard(12, 36, correlation=0.0, of_rater=0.0, mean=0.0))
    assert truths == pytest.approx({"meter_share": 0.5, "meter_area": 0.5})


def test_the_truths_of_people_whom_nothing_sways_are_those_of_their_share():
    truths = truths_of_people(People(12, 36, share=0.75, side=0.0, length=0.0))
    assert truths["arm_share"] == truths["share_at_equal_length"] == pytest.approx(0.75)
    # 2 · arcsin √0.75 = 2 · 60°, less 90°
    assert truths["cohens_h"] == pytest.approx(np.pi / 6)
    assert truths["left_share"] == pytest.approx(1 / 2)
    assert truths["points_of_length"] == pytest.approx(0, abs=1e-9)


def test_the_side_moves_the_share_of_left_replies():
    truths = truths_of_people(People(12, 36, share=0.5, side=0.5, length=0.0))
    assert truths["side_log_odds"] == pytest.approx(0.5)
    # the arm has 1/(1 + e^−¼) = 0.5622 on the left and as much less on the right
    assert truths["left_share"] == pytest.approx(0.5622, abs=1e-4)


def test_half_prefer_at_a_mean_of_zero():
    assert share_of_mean(mean_of_preference(0.5)) == pytest.approx(0.5)


def test_every_estimator_stands_in_one_row_of_what_users_see():
    names = {name for scenario in all_scenarios() for name in scenario.truths}
    rows = {
        name: [one.name for one in SHOWN if one.cells([{"estimator": name}])]
        for name in names
        if not name.startswith("null_") and not name.endswith("_as_raters")
    }
    assert {name: len(found) for name, found in rows.items()} == dict.fromkeys(rows, 1)
    assert all(any(one.name in found for found in rows.values()) for one in SHOWN)


def test_what_is_said_beside_an_interval_is_what_was_found():
    cells = json.loads((ROOT / "benchmarks/coverage.json").read_text(encoding="utf-8"))["cells"]
    for one in SHOWN:
        found = [coverage_of([cell]) for cell in one.cells(cells)]
        shares = [each.share for each in found if each.share is not None and each.n >= 100]
        short = [each for each in found if each.is_short and each.n >= 100]
        assert one.said or not short, one.name
        assert one.said or coverage_of(one.cells(cells)).share < 0.97, one.name
        told = re.search(r"(\d+) to (\d+) %$", one.said)
        if told:
            assert int(told[1]) / 100 <= min(shares) + 0.005, one.name
            assert max(shares) - 0.005 <= int(told[2]) / 100, one.name


def test_the_share_of_null_studies_that_are_flagged_is_told():
    counts = {"n_without": 1, "n_called_short": 0, "n_covered_called_short": 0, "n_below": 0}
    sums = {"n_studies": 21, "n_covered": 19, "n_above": 1, "sum_width": 20.0, "sum_value": 10.0}
    share = {"estimator": "left_share", "setting": "12 raters", **counts, **sums}
    told = as_markdown([share | {"truth": 0.5}, share | {"truth": 0.6, "setting": "20 raters"}])
    # one of 20 intervals; Wilson: (0.05 + 1.96²/40 ± 1.96 √(0.0475/20 + 1.96²/1600)) / (1 + 1.96²/20)
    assert "| left_share | 1 | 20 | 5.0 % [0.9, 23.6] | 5.0 % |" in told
    assert told.count("| left_share | 1 |") == 1


def test_the_document_has_the_tables_of_the_stored_coverage(tmp_path):
    document = (ROOT / "docs/validity.md").read_text(encoding="utf-8")
    copy = tmp_path / "validity.md"
    copy.write_text(document, encoding="utf-8")
    run_coverage("--document", str(copy))
    assert copy.read_text(encoding="utf-8") == document
