"""The commands for a table from elsewhere, as a shell sees them; their keys are a promise."""

import csv
import json

import pytest
from command_line import run_command
from made_replies import make_replies


@pytest.fixture
def ratings(tmp_path):
    """Krippendorff 2011 section C, one rating per row."""
    rows = {
        "A": "1 2 3 3 2 1 4 1 2 . . .",
        "B": "1 2 3 3 2 2 4 1 2 5 . 3",
        "C": ". 3 3 3 2 3 4 2 2 5 1 .",
        "D": "1 2 3 3 2 4 4 1 2 5 1 .",
    }
    path = tmp_path / "ratings.csv"
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["unit", "observer", "code"])
        for rater, codes in rows.items():
            for number, code in enumerate(codes.split(), 1):
                writer.writerow([f"u{number}", rater, "" if code == "." else code])
    return path


def agreement(ratings, *options):
    columns = ("--item", "unit", "--rater", "observer", "--value", "code")
    return run_command("agreement", ratings, *columns, *options)


@pytest.mark.parametrize(
    ("level", "alpha"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_agreement_of_the_published_example(ratings, level, alpha):
    found = json.loads(agreement(ratings, "--level", level, "--json").stdout)
    assert found["alpha"] == pytest.approx(alpha, abs=5e-4)
    low, high = found["alpha_ci"]
    assert low < found["alpha"] <= high
    assert (found["n_items"], found["n_raters"], found["n_values"]) == (12, 4, 41)
    assert (found["n_pairable"], found["n_missing"], found["seed"]) == (40, 7, 0)
    for key in ("percent_agreement", "fleiss_kappa", "gwet_ac", "brennan_prediger"):
        assert isinstance(found[key], float)
        assert len(found[f"{key}_ci"]) == 2
    assert "cohen_kappa" not in found


def test_two_raters_have_a_kappa(ratings, tmp_path):
    two = tmp_path / "two.csv"
    lines = ratings.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.split(",")[1] in ("observer", "A", "B")]
    two.write_text("\n".join(kept) + "\n", encoding="utf-8")
    found = json.loads(agreement(two, "--json").stdout)
    # nine items, eight alike; chance by hand: 3·2 + 3·4 + 2·2 + 1·1 = 23 of 81
    assert found["cohen_kappa"] == pytest.approx((8 / 9 - 23 / 81) / (1 - 23 / 81))


def test_agreement_names_its_cautions(tmp_path):
    path = tmp_path / "few.csv"
    rows = [f"u{n},{rater},{'x' if n > 1 else 'y'}" for n in range(20) for rater in "AB"]
    rows[-1] = "u19,B,y"
    path.write_text("unit,observer,code\n" + "\n".join(rows) + "\n", encoding="utf-8")
    found = json.loads(agreement(path, "--json").stdout)
    assert found["cautions"][0] == (
        "Krippendorff's alpha: the interval is likely too short, since only 3 items differ from "
        "the commonest kind."
    )
    even = [f"u{n},{rater},{'xy'[n % 2]}" for n in range(40) for rater in "AB"]
    path.write_text("unit,observer,code\n" + "\n".join(even) + "\n", encoding="utf-8")
    assert json.loads(agreement(path, "--json").stdout)["cautions"] == []


def test_agreement_for_people(ratings):
    shown = agreement(ratings).stdout
    assert "Krippendorff's alpha" in shown
    assert "41 ratings of 12 items by 4 raters, 7 empty cells" in shown
    assert "Alpha without each" in shown


def test_bad_ratings_end_with_one_sentence(ratings):
    with open(ratings, "a", encoding="utf-8") as file:
        file.write("u1,A,3\n")
    done = agreement(ratings)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "got 2 by rater 'A' on item 'u1'" in done.stderr


def test_a_text_can_stand_for_missing(ratings):
    text = ratings.read_text(encoding="utf-8")
    ratings.write_text(text.replace(",\n", ",NA\n"), encoding="utf-8")
    done = agreement(ratings)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "got 'NA' in row 10 of the data" in done.stderr
    found = json.loads(agreement(ratings, "--missing", "NA", "--json").stdout)
    assert (found["n_values"], found["n_missing"]) == (41, 7)
    assert found["alpha"] == pytest.approx(0.743, abs=5e-4)


def error_rates(path, *options):
    columns = ("--error", "error", "--arm", "arm", "--reference", "original")
    return run_command("error-rates", path, *columns, *options)


def test_error_rates_of_replies(tmp_path):
    path = tmp_path / "replies.csv"
    table = make_replies(n_items=60)
    table.to_csv(path, index=False)
    factors = [
        word for name in ("model", "task", "context", "belief") for word in (f"--{name}", name)
    ]
    found = json.loads(error_rates(path, *factors, "--item", "item", "--json").stdout)
    overall = {
        rate["arm"]: rate
        for rate in found["rates"]
        if not any(rate[name] for name in ("model", "task", "context", "belief"))
    }
    for arm, rate in overall.items():
        errors = table[table["arm"] == arm]["error"]
        assert (rate["errors"], rate["n"]) == (errors.sum(), len(errors))
        assert rate["rate"] == pytest.approx(errors.mean())
        assert rate["rate_ci"][0] < rate["rate"] < rate["rate_ci"][1]
    (gap, *_) = found["differences_pp"]
    assert gap["value"] == pytest.approx(
        100 * (overall["warm"]["rate"] - overall["original"]["rate"])
    )
    assert gap["low"] < gap["value"] < gap["high"]
    terms = {term["name"]: term for term in found["regression"]["terms"]}
    assert {"intercept", "arm[warm]", "arm[warm]:belief[asserts_wrong]"} <= set(terms)
    assert all(term["se_clustered"] > 0 for term in terms.values())
    effects = found["regression"]["marginal_effects_pp"]
    assert {(effect["context"], effect["belief"]) for effect in effects} == {
        (None, None),
        ("none", None),
        ("sad", None),
        (None, "none"),
        (None, "asserts_wrong"),
    }
    (did,) = found["regression"]["difference_in_differences_pp"]
    assert did["low"] < did["value"] < did["high"]


def test_error_rates_of_counts(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("arm,error,n\noriginal,20,100\nwarm,30,100\n", encoding="utf-8")
    found = json.loads(error_rates(path, "--n", "n", "--json").stdout)
    (gap,) = found["differences_pp"]
    assert gap["value"] == pytest.approx(10)
    assert "independent" in gap["method"]
    (_, arm) = found["regression"]["terms"]
    assert arm["log_odds"] == pytest.approx(0.5390, abs=5e-5)  # log of (30/70)/(20/80)
    assert arm["se_clustered"] is None
    shown = error_rates(path, "--n", "n").stdout
    assert "30 of 100" in shown
    assert "+10.0 pp" in shown


def test_an_unknown_reference_ends_with_one_sentence(tmp_path):
    path = tmp_path / "counts.csv"
    path.write_text("arm,error\nplain,1\nwarm,0\n", encoding="utf-8")
    done = error_rates(path)
    assert done.returncode == 2
    assert "expected an arm 'original' to compare with, got 'plain', 'warm'" in done.stderr


def test_error_rates_tell_what_is_missing_and_what_they_count(tmp_path):
    path = tmp_path / "replies.csv"
    rows = [
        f"{arm},{mood},q{number},{'' if number == 0 else int(number % 4 == (arm == 'warm'))}"
        for arm in ("original", "warm")
        for mood in ("", "sad")
        for number in range(12)
    ]
    path.write_text("arm,mood,question,error\n" + "\n".join(rows) + "\n", encoding="utf-8")
    options = ("--context", "mood", "--item", "question")
    found = json.loads(error_rates(path, *options, "--json").stdout)
    assert found["n_missing_levels"] == {"arm": 0, "context": 24}
    (rate, *_) = found["rates"]
    # of 22 scored replies of the original those to q4 and q8 err, and 2 have no score
    assert (rate["errors"], rate["n"], rate["n_unscored"]) == (4, 22, 2)
    assert (rate["if_unscored_right"], rate["if_unscored_wrong"]) == (4 / 24, 6 / 24)
    for one in (rate, found["differences_pp"][0]):
        assert (one["unit"], one["level"], one["seed"], one["n_items"]) == ("item", 0.95, None, 11)
    shown = " ".join(error_rates(path, *options).stdout.split())
    assert "replies of 11 items" in shown
    assert "Rows that count as none since their cell is empty: context 24" in shown
    assert "16.7 % if all were right" in shown
    assert "excludes zero in about 38 % of studies" in shown


def test_one_item_gives_a_regression_no_interval(tmp_path):
    path = tmp_path / "one.csv"
    rows = [f"{arm},{error},a" for arm in ("original", "warm") for error in (0, 1, 1, 0)]
    path.write_text("\n".join(["arm,error,item", *rows]))
    told = json.loads(error_rates(path, "--item", "item", "--json").stdout)["regression"]
    assert {term["method"] for term in told["terms"]} == {"no interval: only one item"}
    (effect,) = told["marginal_effects_pp"]
    assert (effect["low"], effect["high"]) == (None, None)
    assert effect["method"] == "no interval: only one item"


def test_a_file_without_a_byte_and_a_folder_are_told_as_such(tmp_path):
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    assert "the file is empty" in error_rates(tmp_path / "empty.csv").stderr
    assert "found a folder" in error_rates(tmp_path / "folder.csv").stderr


@pytest.mark.parametrize(
    ("rows", "options", "told"),
    [
        ("plain,q1,,1\nplain,q2,,0\n", (), "no arm stands beside plain"),
        (
            "plain,q1,,1\nwarm,q1,,0\nplain,q2,,0\nwarm,q2,,1\nplain,q3,,0\nwarm,q3,,0\n",
            (),
            "the table has no column of beliefs",
        ),
        (
            "plain,q1,x,1\nwarm,q1,x,0\nplain,q2,x,0\nwarm,q2,x,1\nplain,q3,x,0\nwarm,q3,x,0\n",
            ("--belief", "belief"),
            "the table has x",
        ),
    ],
)
def test_differences_that_are_not_there_have_their_reason(tmp_path, rows, options, told):
    path = tmp_path / "replies.csv"
    path.write_text("version,question,belief,wrong\n" + rows, encoding="utf-8")
    columns = ("--error", "wrong", "--arm", "version", "--reference", "plain", "--item", "question")
    ran = run_command("error-rates", path, *columns, *options, "--json")
    (reason,) = json.loads(ran.stdout)["not_estimable"]
    assert told in reason


def test_agreement_where_nothing_agrees_has_no_interval_beside_its_value(tmp_path):
    path = tmp_path / "ratings.csv"
    rows = "".join(f"u{n},A,{2 * n}\nu{n},B,{2 * n + 1}\n" for n in range(4000))
    path.write_text("unit,observer,code\n" + rows, encoding="utf-8")
    found = json.loads(agreement(path, "--level", "nominal", "--json").stdout)
    assert (found["alpha"], found["alpha_ci"]) == (pytest.approx(0, abs=1e-3), None)
    assert any("leave out the value itself" in caution for caution in found["cautions"])
    assert "nothing is told of single values, raters and items" in found["note"]
    assert (found["unit"], found["level"]) == ("item", 0.95)


def test_a_judge_is_held_beside_people(tmp_path):
    path = tmp_path / "labels.csv"
    rows = [
        f"{arm},q{number},{int(number % 3 == 0)},{'' if number % 2 else int(number % 6 == 0)}"
        for arm in ("original", "warm")
        for number in range(60)
    ]
    path.write_text("arm,question,judge,people\n" + "\n".join(rows) + "\n", encoding="utf-8")
    named = ("--judge", "judge", "--human", "people", "--arm", "arm", "--item", "question")
    done = run_command("judge-check", path, *named, "--reference", "original", "--json")
    found = json.loads(done.stdout)
    assert found["format"] == "warmth-audit judge check 1"
    assert [arm["n_labelled"] for arm in found["arms"]] == [30, 30]
    # of even numbers those by three are those by six, so that the judge says what people say
    assert found["overall"]["kappa"]["value"] == 1.0
    shown = run_command("judge-check", path, *named, "--reference", "original").stdout
    assert "How the judge errs" in shown
    bad = run_command("judge-check", path, "--judge", "question", "--human", "people")
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)


def test_a_judge_that_follows_the_side_flips(tmp_path):
    path = tmp_path / "pairs.csv"
    # two flips of four: left twice, and from the first reply to equal; one pair without an answer
    rows = ["a,left,right", "b,Left,left", "c,left,equal", "d,equal,equal", "e,left,"]
    path.write_text("question,first,swapped\n" + "\n".join(rows) + "\n", encoding="utf-8")
    named = ("--first", "first", "--swapped", "swapped", "--item", "question")
    found = json.loads(run_command("swap-flips", path, *named, "--json").stdout)
    assert found["flipped"]["value"] == 0.5
    assert (found["n_left"], found["n_to_or_from_equal"], found["n_unanswered"]) == (1, 1, 1)
    assert "hang on the side" in run_command("swap-flips", path, *named).stdout
    path.write_text("question,first,swapped\na,left,up\n", encoding="utf-8")
    bad = run_command("swap-flips", path, *named)
    assert (bad.returncode, bad.stderr.count("\n")) == (2, 1)
    assert "got 'up' in row 1 of the data" in bad.stderr
