import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from made_replies import make_replies

from evaluation.statistics.error_cells import count_errors
from evaluation.statistics.logit import NotFitted, fit_logit, terms_of
from evaluation.statistics.marginal_effects import differences_in_differences, marginal_effects

FORMULA = (
    "error ~ C(arm, Treatment('original')) * C(context, Treatment('none'))"
    " + C(arm, Treatment('original')) * C(belief, Treatment('none')) + C(model) + C(task)"
)
FACTORS = ("arm", "model", "task", "context", "belief")


def cells_of(table, factors=FACTORS, items=True, reference="original"):
    return count_errors(
        {name: table[name].to_numpy() for name in factors},
        reference,
        np.ones(len(table)),
        table["error"].to_numpy(),
        table["item"].to_numpy() if items else None,
    )


def our_name(name):
    """A term's name in statsmodels as we call it."""
    parts = []
    for part in name.split(":"):
        if part == "Intercept":
            return "intercept"
        factor = part[2:].split(",")[0].split(")")[0]
        parts.append(f"{factor}[{part.split('[T.')[1][:-1]}]")
    return ":".join(parts)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_coefficients_and_both_errors_equal_statsmodels(seed):
    table = make_replies(seed=seed)
    plain = smf.logit(FORMULA, table).fit(disp=0, tol=1e-12)
    clustered = smf.logit(FORMULA, table).fit(
        disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": table["item"]}
    )
    terms = {term.name: term for term in terms_of(fit_logit(cells_of(table)))}
    assert set(terms) == {our_name(name) for name in plain.params.index}
    for name in plain.params.index:
        term = terms[our_name(name)]
        assert term.log_odds == pytest.approx(plain.params[name], abs=1e-8)
        assert term.se == pytest.approx(plain.bse[name], abs=1e-8)
        assert term.se_clustered == pytest.approx(clustered.bse[name], abs=1e-8)


def test_effects_are_mean_differences_of_predictions():
    table = make_replies()
    model = smf.logit(FORMULA, table).fit(disp=0, tol=1e-12)
    difference = 100 * (
        model.predict(table.assign(arm="warm")) - model.predict(table.assign(arm="original"))
    )
    fit = fit_logit(cells_of(table))
    effects = {(e.condition.context, e.condition.belief): e for e in marginal_effects(fit)}
    assert effects[None, None].effect.value == pytest.approx(difference.mean())
    for context in ("none", "sad"):
        expected = difference[table["context"] == context].mean()
        assert effects[context, None].effect.value == pytest.approx(expected)
    by_belief = {
        belief: difference[table["belief"] == belief].mean() for belief in ("none", "asserts_wrong")
    }
    (one,) = differences_in_differences(fit)
    assert one.condition.belief == "asserts_wrong"
    assert one.effect.value == pytest.approx(by_belief["asserts_wrong"] - by_belief["none"])


def test_errors_of_effects_equal_the_delta_method_by_finite_differences():
    table = make_replies()
    fit = fit_logit(cells_of(table))
    (overall, *_) = marginal_effects(fit)
    warm, original = (fit.design.columns({"arm": place}) for place in (1, 0))
    weights = fit.design.n / fit.design.n.sum()

    def effect(beta):
        return 100 * weights @ (1 / (1 + np.exp(-warm @ beta)) - 1 / (1 + np.exp(-original @ beta)))

    steps = 1e-6 * np.eye(len(fit.coefficients))
    slope = [
        (effect(fit.coefficients + step) - effect(fit.coefficients - step)) / 2e-6 for step in steps
    ]
    for covariance, se in (
        (fit.covariance, overall.se),
        (fit.covariance_by_item, overall.se_clustered),
    ):
        assert se == pytest.approx((np.array(slope) @ covariance @ slope) ** 0.5, rel=1e-6)


def test_a_saturated_fit_is_the_plain_difference():
    table = make_replies()
    (effect,) = marginal_effects(fit_logit(cells_of(table, ("arm",))))
    rates = table.groupby("arm")["error"].mean()
    assert effect.effect.value == pytest.approx(100 * (rates["warm"] - rates["original"]))


def test_counts_and_rows_and_their_order_give_the_same():
    table = make_replies()
    fit = fit_logit(cells_of(table))
    shuffled = fit_logit(cells_of(table.sample(frac=1, random_state=3)))
    counted = table.groupby([*FACTORS, "item"])["error"].agg(["sum", "count"]).reset_index()
    of_counts = fit_logit(
        count_errors(
            {name: counted[name].to_numpy() for name in FACTORS},
            "original",
            counted["count"].to_numpy(float),
            counted["sum"].to_numpy(float),
            counted["item"].to_numpy(),
        )
    )
    for other in (shuffled, of_counts):
        assert other.design.names == fit.design.names
        assert other.coefficients == pytest.approx(fit.coefficients, abs=1e-10)
        assert other.covariance_by_item == pytest.approx(fit.covariance_by_item, abs=1e-10)


def test_renaming_the_arms_turns_the_effect_around():
    table = make_replies()
    one, other = (
        marginal_effects(fit_logit(cells_of(table, ("arm", "task"), reference=reference)))[0]
        for reference in ("original", "warm")
    )
    assert one.effect.value == pytest.approx(-other.effect.value)
    assert one.se_clustered == pytest.approx(other.se_clustered)


def test_separation_is_told_in_words():
    table = make_replies()
    table.loc[(table["arm"] == "warm") & (table["context"] == "sad"), "error"] = 1.0
    with pytest.raises(
        NotFitted, match=r"all of the \d+ replies in arm\[warm\]:context\[sad\] err"
    ):
        fit_logit(cells_of(table))


@pytest.mark.parametrize(("value", "words"), [(0.0, "no reply errs"), (1.0, "every reply errs")])
def test_equal_replies_are_told_in_words(value, words):
    with pytest.raises(NotFitted, match=words):
        fit_logit(cells_of(make_replies().assign(error=value)))


def test_an_empty_cell_is_left_out_and_named():
    table = make_replies()
    table = table[~((table["arm"] == "warm") & (table["context"] == "sad"))]
    fit = fit_logit(cells_of(table))
    assert fit.design.left_out == ("arm[warm]:context[sad]: no reply is in that cell",)
    effects = {effect.condition.context: effect for effect in marginal_effects(fit)}
    assert effects["sad"].effect.value is None
    assert "no scored replies of warm there" in effects["sad"].effect.method
    assert effects["none"].effect.value is not None


def test_a_factor_that_repeats_another_is_left_out_and_named():
    table = make_replies()
    fit = fit_logit(cells_of(table.assign(model="of " + table["task"])))
    assert len(fit.design.left_out) == 2
    assert all("cannot be told from the terms before it" in term for term in fit.design.left_out)


def test_without_items_there_is_one_error():
    fit = fit_logit(cells_of(make_replies(), items=False))
    assert all(term.se_clustered is None for term in terms_of(fit))
    (effect, *_) = marginal_effects(fit)
    assert "taken as independent" in effect.effect.method


def table_of_items(errors_by_arm):
    """Four replies to each item by each arm, from the number of them that err."""
    rows = [
        {"arm": arm, "item": item, "error": float(reply < n_errors)}
        for arm, of_items in errors_by_arm.items()
        for item, n_errors in enumerate(of_items)
        for reply in range(4)
    ]
    return pd.DataFrame(rows)


def test_items_that_answer_alike_claim_no_certainty():
    # 12 items that err once in four as original and twice as warm: no item differs from another
    fit = fit_logit(cells_of(table_of_items({"original": [1] * 12, "warm": [2] * 12}), ("arm",)))
    (effect,) = marginal_effects(fit)
    assert effect.effect.value == pytest.approx(25)
    assert (effect.effect.low, effect.effect.high, effect.se_clustered) == (None, None, 0.0)
    assert effect.effect.method.startswith("no interval: all items answer alike")
    for term in terms_of(fit):
        assert term.odds_ratio_ci is None
        assert term.method == effect.effect.method


def test_equal_arms_differ_by_zero_itself():
    fit = fit_logit(cells_of(table_of_items({"original": [1] * 7, "warm": [1] * 7}), ("arm",)))
    (effect,) = marginal_effects(fit)
    assert effect.effect.value == 0.0
    assert [term.log_odds for term in terms_of(fit)][1] == 0.0


def test_effects_stay_within_what_shares_allow():
    # warm errs in 4, 4 and 3 of four, original in 0, 0 and 1: 5/6 with t of two degrees
    table = table_of_items({"original": [0, 0, 1], "warm": [4, 4, 3]})
    (effect,) = marginal_effects(fit_logit(cells_of(table, ("arm",))))
    assert effect.effect.value == pytest.approx(100 * 5 / 6)
    assert effect.effect.low < 100 < 100 * 5 / 6 + 4.303 * effect.se_clustered
    assert effect.effect.high == 100.0


def test_a_table_without_scores_is_not_estimable():
    arms = np.array(["original", "warm"])
    with pytest.raises(NotFitted, match="not estimable because no reply is scored"):
        fit_logit(count_errors({"arm": arms}, "original", np.zeros(2), np.zeros(2)))
