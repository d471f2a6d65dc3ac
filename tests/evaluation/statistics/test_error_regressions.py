import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from made_replies import make_replies

from evaluation.statistics.columns import ResponseTable, select_rows
from evaluation.statistics.error_cells import count_errors
from evaluation.statistics.error_regressions import compute_error_regressions
from evaluation.statistics.logit import Covariate, fit_logit, terms_of
from evaluation.statistics.outcomes import OURS, PAPER_COMPAT
from evaluation.statistics.reply_codes import code_replies

ARM = "C(arm, Treatment('original'))"
MAIN = f"error ~ {ARM} + C(task)"
CROSSED = (
    f"error ~ {ARM} * C(context, Treatment('none')) + {ARM} * C(belief, Treatment('none'))"
    " + C(task)"
)


def replies_with_lengths(seed=1):
    """Replies of two arms, the warm ones shorter, errors more often short."""
    frame = make_replies(seed=seed)
    random = np.random.default_rng(seed)
    warm = frame["arm"] == "warm"
    mean = 6.6 - 0.2 * warm - 0.3 * frame["error"]
    frame["characters"] = np.exp(random.normal(mean, 0.4)).round()
    logs = np.log1p(frame["characters"])
    frame["log_length"] = (logs - logs.mean()) / logs.std(ddof=0)
    return frame


def as_table(frame):
    """The same rows as a study's responses."""
    n = len(frame)
    columns = {name: frame[name].to_numpy(str) for name in ("arm", "task", "context", "belief")}
    label = np.where(frame["error"] == 1, "wrong", "correct")
    rows = np.arange(n).astype(str)
    return ResponseTable(
        **columns,
        response=rows,
        prompt=rows,
        item=frame["item"].to_numpy(str),
        sample=np.zeros(n, dtype=np.int64),
        label=label,
        label_source=np.full(n, "grade"),
        grade_label=label,
        human_label=np.full(n, ""),
        is_disputed=np.zeros(n, dtype=bool),
        says_refusal=np.zeros(n, dtype=bool),
        is_cut=np.zeros(n, dtype=bool),
        n_characters=frame["characters"].to_numpy(float),
        auditors_disagree=np.zeros(n, dtype=bool),
    )


def regressions_of(frame, definition=OURS):
    return compute_error_regressions(code_replies(as_table(frame)), definition, level=0.95)


def our_name(name):
    """A term's name in statsmodels as we call it."""
    if name == "Intercept":
        return "intercept"
    if name == "log_length":
        return name
    parts = [
        f"{part[2:].split(',')[0].split(')')[0]}[{part.split('[T.')[1][:-1]}]"
        for part in name.split(":")
    ]
    return ":".join(parts)


def hold_against_statsmodels(terms, frame, formula):
    plain = smf.logit(formula, frame).fit(disp=0, tol=1e-12)
    clustered = smf.logit(formula, frame).fit(
        disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": frame["item"]}
    )
    by_name = {term.name: term for term in terms}
    assert set(by_name) == {our_name(name) for name in plain.params.index}
    for name in plain.params.index:
        term = by_name[our_name(name)]
        assert term.log_odds == pytest.approx(plain.params[name], abs=1e-8)
        assert term.se == pytest.approx(plain.bse[name], abs=1e-8)
        assert term.se_clustered == pytest.approx(clustered.bse[name], abs=1e-8)
    return plain


@pytest.mark.parametrize("seed", [1, 2])
def test_every_regression_equals_statsmodels_with_both_errors(seed):
    frame = replies_with_lengths(seed)
    found = regressions_of(frame)
    hold_against_statsmodels(found.main.terms, frame, MAIN)
    hold_against_statsmodels(found.crossed.terms, frame, CROSSED)
    hold_against_statsmodels(found.with_length.terms, frame, f"{MAIN} + log_length")


def test_effects_are_mean_differences_of_predictions_with_and_without_length():
    frame = replies_with_lengths()
    found = regressions_of(frame)
    for regression, formula in (
        (found.main, MAIN),
        (found.with_length, f"{MAIN} + log_length"),
    ):
        model = smf.logit(formula, frame).fit(disp=0, tol=1e-12)
        warm, original = (
            model.predict(frame.assign(arm=arm)).mean() for arm in ("warm", "original")
        )
        (effect,) = regression.effects_pp
        assert effect.effect.value == pytest.approx(100 * (warm - original))
        assert (effect.effect.n, effect.effect.unit) == (len(frame), "item")
    with_length, without = (
        regression.effects_pp[0].effect.value for regression in (found.with_length, found.main)
    )
    # warm replies are shorter, and short ones err more often
    assert with_length < without


def test_the_error_of_an_effect_with_length_is_the_delta_methods():
    frame = replies_with_lengths()
    cells = count_errors(
        {name: frame[name].to_numpy(str) for name in ("arm", "task")},
        "original",
        np.ones(len(frame)),
        frame["error"].to_numpy(),
        frame["item"].to_numpy(),
    )
    fit = fit_logit(cells, Covariate("log_length", frame["log_length"].to_numpy()))
    (effect,) = regressions_of(frame).with_length.effects_pp
    warm, original = (fit.design.columns({"arm": place}) for place in (1, 0))

    def points(beta):
        return 100 * np.mean(1 / (1 + np.exp(-warm @ beta)) - 1 / (1 + np.exp(-original @ beta)))

    steps = 1e-6 * np.eye(len(fit.coefficients))
    slope = np.array(
        [
            (points(fit.coefficients + step) - points(fit.coefficients - step)) / 2e-6
            for step in steps
        ]
    )
    assert effect.se == pytest.approx((slope @ fit.covariance @ slope) ** 0.5, rel=1e-6)
    assert effect.se_clustered == pytest.approx(
        (slope @ fit.covariance_by_item @ slope) ** 0.5, rel=1e-6
    )


def test_a_covariate_takes_counts_as_well_as_rows():
    frame = replies_with_lengths()
    frame["log_length"] = frame["log_length"].round(1)
    keys = ["arm", "task", "item", "log_length"]
    counted = frame.groupby(keys)["error"].agg(["sum", "count"]).reset_index()
    fits = [
        fit_logit(
            count_errors(
                {name: of[name].to_numpy(str) for name in ("arm", "task")},
                "original",
                n,
                errors,
                of["item"].to_numpy(),
            ),
            Covariate("log_length", of["log_length"].to_numpy()),
        )
        for of, n, errors in (
            (frame, np.ones(len(frame)), frame["error"].to_numpy()),
            (counted, counted["count"].to_numpy(float), counted["sum"].to_numpy(float)),
        )
    ]
    for one, other in zip(terms_of(fits[0]), terms_of(fits[1]), strict=True):
        assert one.log_odds == pytest.approx(other.log_odds, abs=1e-10)
        assert one.se_clustered == pytest.approx(other.se_clustered, abs=1e-10)


def test_formulas_say_what_the_study_has():
    found = regressions_of(replies_with_lengths())
    assert (found.main.formula, found.crossed.formula, found.with_length.formula) == (
        "error ~ arm + task",
        "error ~ arm + task + arm × context + arm × belief",
        "error ~ arm + task + log_length",
    )
    frame = replies_with_lengths()
    plain = frame[(frame["context"] == "none") & (frame["belief"] == "none")]
    found = regressions_of(plain[plain["task"] == "t1"])
    assert (found.main.formula, found.crossed) == ("error ~ arm", None)


def test_lengths_are_told_by_arm():
    frame = replies_with_lengths()
    means = frame.groupby("arm")["characters"].mean()
    assert regressions_of(frame).mean_characters == pytest.approx(
        {"original": means["original"], "warm": means["warm"]}
    )


def test_both_definitions_are_fitted_over_the_replies_that_they_count():
    frame = replies_with_lengths()
    table = as_table(frame)
    table.label[:40] = "hedges"
    ours, paper = (
        compute_error_regressions(code_replies(table), definition, level=0.95)
        for definition in (OURS, PAPER_COMPAT)
    )
    assert (ours.main.n, paper.main.n) == (len(frame) - 40, len(frame))


def test_the_order_of_replies_does_not_matter():
    frame = replies_with_lengths()
    found = regressions_of(frame)
    shuffled = regressions_of(frame.sample(frac=1, random_state=5))
    for one, other in (
        (found.main, shuffled.main),
        (found.crossed, shuffled.crossed),
        (found.with_length, shuffled.with_length),
    ):
        assert [term.name for term in one.terms] == [term.name for term in other.terms]
        for effect, again in zip(one.effects_pp, other.effects_pp, strict=True):
            assert effect.effect.value == pytest.approx(again.effect.value)
            assert effect.se_clustered == pytest.approx(again.se_clustered)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda frame: frame[:0], "no reply was scored"),
        (lambda frame: frame[frame["arm"] == "original"], "no reply of another arm was scored"),
        (lambda frame: frame[frame["arm"] == "warm"], "no reply of the original was scored"),
        (lambda frame: frame.assign(error=0.0), "no reply errs"),
        (
            lambda frame: frame.assign(error=np.where(frame["arm"] == "warm", 1.0, frame["error"])),
            r"all of the \d+ replies in arm\[warm\] err",
        ),
    ],
)
def test_what_cannot_be_fitted_is_told_in_words(change, reason):
    found = regressions_of(change(replies_with_lengths()))
    for regression in (found.main, found.with_length):
        assert (regression.terms, regression.effects_pp) == ((), ())
        assert pd.Series([regression.reason]).str.contains(reason).all()


def test_replies_of_one_length_have_no_length_to_hold_equal():
    found = regressions_of(replies_with_lengths().assign(characters=80.0))
    assert found.main.reason == ""
    assert found.with_length.reason == (
        "the regression is not estimable because all replies have the same length"
    )


def test_one_item_has_effects_without_errors_by_item():
    frame = replies_with_lengths()
    table = select_rows(as_table(frame), np.ones(len(frame), dtype=bool))
    table.item[:] = "i1"
    found = compute_error_regressions(code_replies(table), OURS, level=0.95)
    assert {term.se_clustered for term in found.main.terms} == {None}
    assert found.main.n_items == 1
