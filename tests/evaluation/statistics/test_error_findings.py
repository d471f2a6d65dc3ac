from dataclasses import asdict, replace

import numpy as np
import pytest

from evaluation.prompts import read_wordings
from evaluation.statistics.columns import Condition, ResponseTable, select_rows
from evaluation.statistics.error_findings import compute_error_findings, groups_of
from evaluation.statistics.outcomes import DEFINITIONS, LABELS, OURS, PAPER_COMPAT
from evaluation.statistics.reply_codes import CONTEXT_GROUPS, code_replies
from evaluation.statistics.tables import read_responses
from study.errors import BadTable

PLAIN = Condition("none", "none")
BELIEF = Condition("none", "asserts_wrong")
CONDITIONS = tuple(
    Condition(context, belief)
    for context in ("none", "sad")
    for belief in ("none", "asserts_wrong", "denies_right")
)


def findings_of(table, definition=OURS, arms=("original", "warm"), conditions=CONDITIONS):
    return compute_error_findings(
        code_replies(table), arms, conditions, definition, seed=7, level=0.95
    )


def made_table(n_items=40, seed=1, arms=("original", "warm")):
    """Replies with all labels, one per arm and prompt, and the warm ones worse."""
    random = np.random.default_rng(seed)
    rows = [
        (f"i{item}", f"t{item % 2}", condition.context, condition.belief, arm)
        for item in range(n_items)
        for condition in CONDITIONS
        for arm in arms
    ]
    item, task, context, belief, arm = (np.array(column) for column in zip(*rows, strict=True))
    n = len(rows)
    is_error = random.random(n) < 0.25 + 0.15 * (arm == "warm") + 0.1 * (belief == "asserts_wrong")
    label = np.where(is_error, "wrong", "correct").astype("U12")
    other = random.random(n) < 0.1
    label[other] = random.choice(LABELS, int(other.sum()))
    response = np.array(["-".join(row) for row in rows])
    return ResponseTable(
        response=response,
        prompt=np.array(["-".join(row[:4]) for row in rows]),
        item=item,
        task=task,
        context=context,
        belief=belief,
        arm=arm,
        sample=np.zeros(n, dtype=np.int64),
        label=label,
        label_source=np.where(random.random(n) < 0.1, "human", "grade"),
        grade_label=np.where(random.random(n) < 0.05, "wrong", label),
        human_label=np.full(n, ""),
        is_disputed=random.random(n) < 0.02,
        says_refusal=label == "refuses",
        is_cut=label == "cut",
        n_characters=random.integers(20, 900, n).astype(float),
        auditors_disagree=np.zeros(n, dtype=bool),
    )


def leaves(tree):
    """All values of a tree of records in order, numbers apart from the rest."""
    if isinstance(tree, dict):
        tree = tuple(tree.items())
    if isinstance(tree, tuple | list):
        found = [leaves(branch) for branch in tree]
        return [n for numbers, _ in found for n in numbers], [
            w for _, words in found for w in words
        ]
    if isinstance(tree, float):
        return [tree], []
    return [], [tree]


def hold_equal(one, other):
    numbers, words = leaves(asdict(one))
    numbers_again, words_again = leaves(asdict(other))
    assert words_again == words
    assert numbers_again == pytest.approx(numbers, rel=1e-9, abs=1e-9)


@pytest.fixture(params=DEFINITIONS.values(), ids=DEFINITIONS)
def definition(request):
    return request.param


def test_groups_of_contexts_are_told_beside_each_context_and_paired_by_item(empty_study):
    # warm errors by context, of the two items; the original errs once, in `angry`
    wrong = {"none": (), "sad": ("i0", "i1"), "angry": ("i0",), "close": ("i1",), "looks_up": ()}
    conditions = tuple(Condition(context, "none") for context in wrong)
    for context, items in wrong.items():
        for item in ("i0", "i1"):
            prompt = empty_study.add_prompt(item, "trivia", context)
            empty_study.add_response(prompt, "warm", "wrong" if item in items else "correct")
            is_wrong = (context, item) == ("angry", "i0")
            empty_study.add_response(prompt, "original", "wrong" if is_wrong else "correct")
    table = read_responses(empty_study.con).table
    found = findings_of(table, conditions=conditions)
    gaps = {gap.condition.context: gap.difference for gap in found.gaps}
    # by hand, emotion: 4 prompts, warm 3 wrong and the original 1; relation: 1 of 4 and none
    assert gaps["any emotion"].value == pytest.approx(100 * (3 - 1) / 4)
    assert (gaps["any emotion"].n, gaps["any emotion"].n_units) == (4, 2)
    assert gaps["any relation"].value == pytest.approx(25)
    assert gaps["sad"].value == pytest.approx(100)
    assert "any stakes" not in gaps
    rates = {(rate.arm, rate.condition.context): rate for rate in found.error_rates}
    assert rates["warm", "any emotion"].rate.value == 3 / 4
    assert rates["warm", "any emotion"].condition.belief is None


def test_one_context_of_a_kind_is_no_group():
    assert groups_of(CONDITIONS) == {}
    contexts = ("none", "stakes_low", "sad", "stakes_high", "her_own")
    asked = [Condition(context, "none") for context in contexts]
    assert groups_of(asked) == {"any stakes": ("stakes_high", "stakes_low")}


def test_every_packaged_context_but_none_is_in_one_group():
    grouped = [context for contexts in CONTEXT_GROUPS.values() for context in contexts]
    assert sorted(["none", *grouped]) == sorted(read_wordings().contexts)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_replies_changes_no_result(definition, seed):
    table = made_table()
    order = np.random.default_rng(seed).permutation(len(table))
    shuffled = ResponseTable(**{name: column[order] for name, column in vars(table).items()})
    hold_equal(findings_of(table, definition), findings_of(shuffled, definition))


def test_the_names_of_items_and_prompts_change_no_result(definition):
    table = made_table()
    renamed = replace(
        table,
        item=np.char.add("x", np.char.replace(table.item, "i", "")),
        prompt=np.array([prompt[::-1] for prompt in table.prompt]),
    )
    hold_equal(findings_of(table, definition), findings_of(renamed, definition))


def test_the_name_of_a_compared_arm_changes_no_number(definition):
    table = made_table()
    renamed = replace(table, arm=np.where(table.arm == "warm", "a cold one", table.arm))
    before = leaves(asdict(findings_of(table, definition)))[0]
    after = leaves(asdict(findings_of(renamed, definition, arms=("original", "a cold one"))))[0]
    assert after == pytest.approx(before, rel=1e-9, abs=1e-9)


def test_another_arm_changes_rates_gaps_and_pairs_of_none(definition):
    table = made_table(arms=("original", "warm", "cold"))
    both = select_rows(table, table.arm != "cold")
    with_cold = findings_of(table, definition, arms=("original", "warm", "cold"))
    without = findings_of(both, definition)
    assert with_cold.gaps[: len(without.gaps)] == without.gaps
    assert with_cold.error_rates[: len(without.error_rates)] == without.error_rates
    counts = [test.counts for test in with_cold.paired_tests[: len(without.paired_tests)]]
    assert counts == [test.counts for test in without.paired_tests]


def test_every_cell_that_was_asked_has_rates_and_a_test():
    found = findings_of(made_table())
    # per arm two tasks, and six conditions in each
    assert len(found.cell_rates) == 2 * (2 + 2 * 6)
    assert len(found.paired_tests) == 2 * 6
    assert {test.test.family_size for test in found.paired_tests} == {12}
    assert [gap.task for gap in found.task_gaps] == ["t0", "t1"]
    # overall, three beliefs, two contexts, six conditions
    assert len(found.gaps) == 1 + 3 + 2 + 6
    assert [effect.belief for effect in found.belief_effects] == ["asserts_wrong", "denies_right"]


def test_a_cell_that_was_not_asked_has_no_row():
    table = made_table()
    kept = ~((table.task == "t0") & (table.context == "sad"))
    found = findings_of(select_rows(table, kept))
    assert len(found.paired_tests) == 3 + 6


def test_the_study_worked_out_by_hand(known_study):
    table = read_responses(known_study.con).table
    ours = findings_of(table, conditions=(PLAIN, BELIEF))
    paper = findings_of(table, PAPER_COMPAT, conditions=(PLAIN, BELIEF))
    assert (ours.definition, paper.definition) == ("ours", "paper_compat")
    # of medical without belief the warm arm has wrong and hedges, the original wrong and correct
    by_cell = {(c.arm, c.task, c.condition): c.rate.value for c in paper.cell_rates}
    assert by_cell["warm", "medical", PLAIN] == 1.0
    assert by_cell["original", "medical", PLAIN] == 1 / 2
    # the hedge and the cut reply are errors: 3 of 8 and 7 of 8, as many of each task in both arms
    assert [rate.rate.value for rate in paper.error_rates if rate.condition.context is None] == [
        3 / 8,
        7 / 8,
    ]
    (effect,) = paper.regressions.main.effects_pp
    assert effect.effect.value == pytest.approx(50)


def test_no_replies_are_reasons(definition):
    table = made_table()
    nothing = findings_of(select_rows(table, table.arm == "nobody"), definition)
    assert {rate.rate.method for rate in nothing.error_rates} == {"not estimable: no replies yet"}
    assert (nothing.cell_rates, nothing.paired_tests, nothing.task_gaps) == ((), (), ())
    assert {gap.bootstrap.method for gap in nothing.gaps} == {"not estimable: no replies yet"}
    assert nothing.regressions.main.reason.endswith("no reply was scored")


def test_one_arm_has_rates_and_is_compared_with_nothing(definition):
    table = made_table(arms=("original",))
    found = findings_of(table, definition, arms=("original",))
    assert found.error_rates[0].rate.value is not None
    assert (found.gaps, found.paired_tests, found.belief_effects) == ((), (), ())
    assert found.regressions.main.reason.endswith("no reply of another arm was scored")


def test_one_item_has_values_and_no_intervals(definition):
    table = made_table()
    table = select_rows(table, table.item == "i1")
    found = findings_of(replace(table, label=np.where(table.arm == "warm", "wrong", "correct")))
    assert (found.gaps[0].difference.value, found.gaps[0].difference.low) == (100, None)
    assert found.gaps[0].bootstrap.method == "no interval: only one item"
    assert found.error_rates[0].rate.method == "no interval: only one item"
    assert found.regressions.main.reason != ""


def test_refusals_alone_are_bounded_and_not_estimable(definition):
    table = made_table()
    refused = replace(table, label=np.full(len(table), "refuses"))
    found = findings_of(refused, definition)
    assert {rate.rate.value for rate in found.error_rates} == {None}
    assert {gap.difference.value for gap in found.gaps} == {None}
    assert (found.gaps[0].if_arm_right, found.gaps[0].if_arm_wrong) == (-100, 100)
    assert {test.test for test in found.paired_tests} == {None}
    told = replace(refused, task=np.full(len(table), "disinformation"))
    assert findings_of(told, definition).error_rates[0].rate.value == 0


def test_a_label_that_nobody_knows_is_refused(definition):
    table = made_table()
    table.label[3] = "INCORRECT"
    with pytest.raises(BadTable, match="got 'INCORRECT'"):
        findings_of(table, definition)


def test_forty_thousand_replies_are_all_counted():
    table = made_table(n_items=3400)
    overall = [
        rate for rate in findings_of(table).error_rates if rate.condition == Condition(None, None)
    ]
    assert sum(rate.n_replies for rate in overall) == len(table)


POOLED = "asserts_wrong_or_denies_right"


def test_beliefs_are_pooled_as_in_the_study_by_its_definition_alone():
    table = made_table()
    ours, theirs = findings_of(table), findings_of(table, PAPER_COMPAT)
    assert POOLED not in {rate.condition.belief for rate in ours.error_rates}
    assert POOLED not in {effect.belief for effect in ours.belief_effects}
    pooled = [rate for rate in theirs.error_rates if rate.condition.belief == POOLED]
    assert [rate.arm for rate in pooled] == ["original", "warm"]
    stated = np.isin(table.belief, ["asserts_wrong", "denies_right"])
    assert [rate.n_replies for rate in pooled] == [
        int((stated & (table.arm == arm)).sum()) for arm in ("original", "warm")
    ]
    (gap,) = [gap for gap in theirs.gaps if gap.condition.belief == POOLED]
    assert gap.n_prompts == 40 * 2 * 2
    assert [effect.belief for effect in theirs.belief_effects] == [
        *("asserts_wrong", "denies_right"),
        POOLED,
    ]


def test_the_pooled_effect_is_the_mean_of_both_where_all_was_scored():
    table = made_table()
    table = replace(table, label=np.where(table.label == "correct", "correct", "wrong"))
    table = replace(table, says_refusal=np.zeros(len(table), dtype=bool))
    asserts, denies, pooled = (
        effect.difference for effect in findings_of(table, PAPER_COMPAT).belief_effects
    )
    assert pooled.value == pytest.approx((asserts.value + denies.value) / 2)
    assert (pooled.n, pooled.n_units) == (asserts.n + denies.n, asserts.n_units)


def test_one_belief_alone_is_pooled_with_nothing():
    table = made_table()
    table = select_rows(table, table.belief != "denies_right")
    conditions = tuple(one for one in CONDITIONS if one.belief != "denies_right")
    found = findings_of(table, PAPER_COMPAT, conditions=conditions)
    assert [effect.belief for effect in found.belief_effects] == ["asserts_wrong"]
