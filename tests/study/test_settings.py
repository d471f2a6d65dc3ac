import pytest

from study.errors import BadSettings
from study.settings import Settings, read_environment, read_settings

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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD.replace("seed = 7", ""), "seed: Field required"),
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
    ],
)
def test_a_broken_study_file_is_one_sentence_that_names_the_place(tmp_path, text, says):
    with pytest.raises(BadSettings, match=says) as caught:
        read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_a_missing_study_file_says_how_to_make_one(tmp_path):
    with pytest.raises(BadSettings, match="warmth-audit demo"):
        read_settings(tmp_path / "nowhere" / "study.toml")


def test_a_port_that_is_no_port_is_named(monkeypatch):
    monkeypatch.setenv("WARMTH_AUDIT_PORT", "http")
    with pytest.raises(BadSettings, match=r"port: .*got 'http'"):
        read_environment()
    monkeypatch.setenv("WARMTH_AUDIT_PORT", "7999")
    assert read_environment().port == 7999


def test_settings_survive_the_way_through_json():
    settings = Settings(name="a", question="b", seed=1)
    assert Settings.model_validate_json(settings.model_dump_json()) == settings
