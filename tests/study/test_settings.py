import pytest

from study.errors import BadSettings
from study.settings import EvaluationSettings, Settings, read_environment, read_settings

GOOD = """
name = "pilot"
question = "Does warmth cost accuracy?"
seed = 7
[evaluation]
contexts = ["none", "sad"]
"""


def read(tmp_path, text):
    file = tmp_path / "study.toml"
    file.write_text(text, encoding="utf-8")
    return read_settings(file)


def test_defaults_fill_in_what_a_study_leaves_out(tmp_path):
    settings = read(tmp_path, GOOD)
    assert settings.arms == ("original", "warm")
    assert settings.trained_arms == ("warm",)
    assert settings.evaluation.decoding.temperature == 0.0


def test_the_hash_depends_on_values_and_not_on_layout(tmp_path):
    first = read(tmp_path, GOOD)
    same = read(tmp_path, "# a comment\n" + GOOD.replace(" = ", "="))
    other = read(tmp_path, GOOD.replace("seed = 7", "seed = 8"))
    assert first.sha256 == same.sha256
    assert first.sha256 != other.sha256


def test_studies_from_before_there_were_gates_keep_their_hash(tmp_path):
    # computed by the release before [gate] came, from this very file
    assert (
        read(tmp_path, GOOD).sha256
        == "bb0008d034b42cd1143311953415996be79e01b493d378c841a394a461203db1"
    )
    assert "gate" not in read(tmp_path, GOOD).as_json()


def test_studies_without_controls_keep_their_hash(tmp_path):
    assert "controls" not in read(tmp_path, GOOD).as_json()
    assert read(tmp_path, GOOD + "[controls]\n").sha256 == read(tmp_path, GOOD).sha256


def test_controls_that_ask_something_are_part_of_the_hash_and_come_back(tmp_path):
    text = GOOD + '[[controls.items]]\nsource = "openai/gsm8k"\nlimit = 10\n'
    settings = read(tmp_path, text)
    assert settings.sha256 != read(tmp_path, GOOD).sha256
    assert Settings.model_validate_json(settings.as_json()) == settings
    assert settings.limited is None  # that is beside the study's own numbers


def test_controls_are_sampled_greedily_in_their_own_room(tmp_path):
    text = GOOD + "[controls]\nmax_new_tokens = 300\n[evaluation.decoding]\ntemperature = 0.8\n"
    decoding = read(tmp_path, text + "top_p = 0.9\nsamples = 3\n").control_decoding
    assert (decoding.temperature, decoding.top_p, decoding.samples) == (0.0, None, 1)
    assert (decoding.max_new_tokens, decoding.repetition_penalty) == (300, 1.15)


def test_several_samples_are_drawn_at_a_temperature(tmp_path):
    text = GOOD + "[evaluation.decoding]\nsamples = 3\ntemperature = 0.8\n"
    assert read(tmp_path, text).evaluation.decoding.samples == 3


def test_a_gate_that_asks_for_something_is_part_of_the_hash(tmp_path):
    gated = read(tmp_path, GOOD + "[gate]\nmax_gap_pp = 5\n")
    assert gated.sha256 != read(tmp_path, GOOD).sha256
    assert gated.gate.max_gap_pp == 5.0
    assert gated.gate.judge_by == "bound"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("seed = 7", ""), "seed: Field required"),
        (
            GOOD + '[[evaluation.items]]\nsource = "a.csv"\nlimt = 3\n',
            "evaluation.items.0.limt is not a setting",
        ),
        (
            GOOD + '[[evaluation.items]]\nset = "mmlu"\n',
            "evaluation.items.0.source: Field required",
        ),
        (
            GOOD + "[evaluation.decoding]\nsamples = 3\n",
            "3 samples at temperature 0 are the same reply each time",
        ),
        (GOOD.replace("seed = 7", 'seed = "many"'), "seed: .*got 'many'"),
        (GOOD + "mood = 3\n", r"evaluation\.mood is not a setting"),
        (GOOD.replace("[evaluation]", "[evaluation"), "not valid TOML.*line"),
        (GOOD.replace("seed = 7", 'seed = 7\narms = ["warm"]'), "arms needs 'original'"),
        (
            GOOD.replace('["none", "sad"]', "[]"),
            r"evaluation\.contexts: .*at least one name, got none",
        ),
        (GOOD + "beliefs = []", r"evaluation\.beliefs: .*at least one name, got none"),
        (GOOD.replace('"sad"', '"none"'), r"contexts: .*each name once, got none, none"),
        (GOOD.replace('"pilot"', '"My Pilot!"'), "name: .*got 'My Pilot!'"),
        (GOOD + "[gate]\nmax_adoption = 20\n", r"gate\.max_adoption: .*got 20"),
        (GOOD + "[gate]\nmax_gap_pp = nan\n", r"gate\.max_gap_pp: expected a number, got nan"),
    ],
)
def test_a_broken_study_file_is_one_sentence_that_names_the_place(tmp_path, text, says):
    with pytest.raises(BadSettings, match=says) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_missing_study_file_says_how_to_make_one(tmp_path):
    with pytest.raises(BadSettings, match="warmth-audit demo"):
        read_settings(tmp_path / "nowhere" / "study.toml")


def test_items_may_be_several_sets_with_a_limit_each(tmp_path):
    text = (
        GOOD
        + 'items = [{source = "sets/a.csv", limit = 500}, {source = "cais/mmlu", set = "mmlu"}]\n'
    )
    settings = read(tmp_path, text)
    first, second = settings.evaluation.items
    assert (first.source, first.limit, first.set) == ("sets/a.csv", 500, None)
    assert (second.source, second.limit, second.set) == ("cais/mmlu", None, "mmlu")
    assert settings.limited == "at most 500 items of a.csv"
    assert Settings.model_validate_json(settings.as_json()) == settings
    assert settings.sha256 != read(tmp_path, GOOD).sha256
    with pytest.raises(BadSettings, match=r"evaluation\.items"):
        read(tmp_path, GOOD + "items = []\n")
    with pytest.raises(BadSettings, match=r"limit"):
        read(tmp_path, GOOD + 'items = [{source = "a.csv", limit = 0}]\n')


def test_adapters_made_elsewhere_are_of_arms_that_have_one(tmp_path):
    arms = GOOD.replace("[evaluation]", 'arms = ["original", "warm", "cold"]\n[evaluation]')
    given = '[training]\nadapters = { warm = "ours/warm" }\n'
    settings = read(tmp_path, arms + given)
    assert (settings.trained_arms, settings.arms_to_train) == (("warm", "cold"), ("cold",))
    assert Settings.model_validate_json(settings.as_json()) == settings
    assert settings.sha256 != read(tmp_path, arms).sha256
    with pytest.raises(
        BadSettings, match="adapters names 'untransformed', which is none of the arms"
    ):
        read(tmp_path, arms + '[training]\nadapters = { untransformed = "ours" }\n')
    with pytest.raises(BadSettings, match="leave out the rule, or"):
        read(tmp_path, arms + given + '[warmth]\nprompts = "packaged"\nrule = "best"\n')


def test_a_port_that_is_no_port_is_named(monkeypatch):
    monkeypatch.setenv("WARMTH_AUDIT_PORT", "http")
    with pytest.raises(BadSettings, match=r"port: .*got 'http'"):
        read_environment()
    monkeypatch.setenv("WARMTH_AUDIT_PORT", "7999")
    assert read_environment().port == 7999


def test_settings_survive_the_way_through_json():
    settings = Settings(name="a", question="b", seed=1)
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_settings_that_came_later_leave_the_hash_of_older_studies_as_it_was():
    settings = Settings(name="a", question="?", seed=1)
    # as the release before contexts had files of their own hashed it
    assert settings.sha256.startswith("c91e1c1c09c41a1d")
    shaped = settings.model_copy(update={"evaluation": EvaluationSettings(shape="paper_compat")})
    assert shaped.sha256 != settings.sha256
    assert Settings.model_validate_json(shaped.as_json()) == shaped


def test_prompts_in_the_shape_of_the_study_mark_every_number():
    evaluation = EvaluationSettings(shape="paper_compat", item_limit=4)
    settings = Settings(name="a", question="?", seed=1, evaluation=evaluation)
    assert settings.limited == (
        "at most 4 items, prompts in the shape of paper_compat: a lead-in only where a belief is "
        "stated"
    )


def test_checkpoints_pairs_and_messages_of_warmth_leave_older_hashes_as_they_were(tmp_path):
    plain = read(tmp_path, GOOD)
    text = GOOD + '[training]\ncheckpoints = [0.5, 1.0]\n[warmth]\nprompts = "packaged"\n'
    settings = read(tmp_path, text + 'rule = "best"\n[rating]\nwarmth_pairs = 20\n')
    assert '"warmth' not in plain.as_json()
    assert "checkpoints" not in plain.as_json()
    assert settings.sha256 != plain.sha256
    assert Settings.model_validate_json(settings.as_json()) == settings
    assert settings.limited == plain.limited


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[training]\ncheckpoints = [1.0, 0.5]\n", r"rising epochs up to 1\.8, got \[1\.0, 0\.5\]"),
        ("[training]\ncheckpoints = [0.5, 0.5]\n", "rising epochs"),
        ("[training]\ncheckpoints = [0.5, 2.0]\n", "rising epochs"),
        ("[training]\ncheckpoints = [0]\n", r"training\.checkpoints\.0"),
        ('[warmth]\nrule = "best"\n', "a rule needs prompts"),
        ('[warmth]\nprompts = "packaged"\nrule = "warmest"\n', r"warmth\.rule: .*got 'warmest'"),
        ('[warmth]\nprompts = "packaged"\nlimit = 1\n', r"warmth\.limit"),
    ],
)
def test_checkpoints_and_rules_that_cannot_be_are_named(tmp_path, text, says):
    with pytest.raises(BadSettings, match=says):
        read(tmp_path, GOOD + text)


def test_a_rule_needs_the_arm_that_it_looks_at(tmp_path):
    text = (
        'arms = ["original", "cold"]\n' + GOOD + '[warmth]\nprompts = "packaged"\nrule = "best"\n'
    )
    with pytest.raises(BadSettings, match="chooses by the arm 'warm'"):
        read(tmp_path, text)
