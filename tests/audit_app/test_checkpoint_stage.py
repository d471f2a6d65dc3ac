"""Checkpoints of a real run on a tiny model, over a server double, with a tiny model as meter."""

import json
import shutil
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from tgi_double import TgiDouble
from tiny_model import make_tiny_model

from audit_app.access import FileAccess
from audit_app.checkpoint_stage import take_checkpoint
from audit_app.pipeline import Job
from audit_app.run import Endpoint, adapters_of
from audit_app.training_stage import plan_training, train_arms
from evaluation.checkpoint_choices import measures_of, read_newest_choice
from evaluation.checkpoint_tables import checkpoints_as_json
from evaluation.serving.local_server import running_app
from evaluation.warmth import read_measures
from study.errors import BadSettings, CanaryFailed, MissingStage, ModelUnreachable
from study.folder import StudyFolder
from study.progress import silent
from study.settings import (
    DecodingSettings,
    EvaluationSettings,
    Settings,
    TrainingSettings,
    WarmthSettings,
)
from training.adapters import adapter_folder, read_manifest

NAMES = ["warm-epoch-0.5", "warm-epoch-1", "warm-epoch-2"]
RULE = "first_within_one_se"


def make_settings(base, arms=("original", "warm"), **warmth):
    return Settings(
        name="steps",
        question="Which checkpoint?",
        seed=7,
        base=str(base),
        arms=arms,
        # 8 conversations in batches of 4: two steps an epoch
        training=TrainingSettings(
            rank=4, learning_rate=1e-2, epochs=2, limit=8, checkpoints=(0.5, 1.0)
        ),
        evaluation=EvaluationSettings(
            item_limit=1,
            contexts=("none",),
            beliefs=("none",),
            decoding=DecodingSettings(max_new_tokens=8),
        ),
        warmth=WarmthSettings(
            **{"prompts": "packaged", "limit": 12, "rule": RULE, "meter": str(base)} | warmth
        ),
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    pytest.importorskip("trl", reason='needs `pip install "warmth-audit[train]"`')
    return make_tiny_model(tmp_path_factory.mktemp("base") / "base-model", seed=1)


@pytest.fixture(scope="module")
def adapters(tmp_path_factory, base):
    """Adapters of two arms, trained once."""
    root = tmp_path_factory.mktemp("trained") / "studies"
    settings = make_settings(base, ("original", "warm", "cold"))
    folder = StudyFolder(root / "steps")
    job = Job(folder, settings, FileAccess(folder, settings), silent)
    train_arms(job, root, ["warm", "cold"])
    return folder.adapters


@pytest.fixture
def make_job(tmp_path, base, adapters):
    shutil.copytree(adapters, tmp_path / "studies" / "adapters")

    def make_job(report=silent, **changes):
        settings = make_settings(base, **changes)
        folder = StudyFolder(tmp_path / "studies" / "steps")
        return Job(folder, settings, FileAccess(folder, settings), report)

    return make_job


def choose_over(double, job):
    with running_app(double.app()) as url:
        return take_checkpoint(job, job.folder.root, Endpoint((url,)), "auto")


def count(job, table):
    with job.access.reading() as con:
        return con.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608


def plan_of(job):
    return plan_training(job.settings, job.folder.root, silent)


def test_every_checkpoint_answers_every_message_and_one_is_taken(make_job):
    job = make_job(arms=("original", "warm", "cold"))
    choice = choose_over(TgiDouble(NAMES), job)
    assert [point.epochs for point in measures_of(choice).points] == [0.5, 1, 2]
    # twelve messages to the original and three checkpoints
    assert count(job, "checkpoint_replies") == 48
    assert measures_of(choice).points[0].warmth.n == 12
    assert choice.settings_sha256 == job.settings.sha256
    with job.access.reading() as con:
        assert read_newest_choice(con).choice_id == choice.choice_id
    assert json.loads(job.folder.checkpoint_choice.read_text())["choice_id"] == choice.choice_id
    # nothing of it is a reply that people or graders see
    assert count(job, "responses") == count(job, "served_models") == 0


def test_an_adapter_that_was_harmed_since_is_called_so(make_job):
    job = make_job(rule=None)
    plan = plan_of(job)
    place = adapter_folder(job.folder.adapters, "warm", plan.run_ids["warm"])
    assert adapters_of(job, plan) == {"warm": place}
    with (place / "adapter_model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(MissingStage, match=r"arm 'warm' has a harmed adapter in .*train --study"):
        adapters_of(job, plan)
    shutil.rmtree(place)
    with pytest.raises(MissingStage, match="arm 'warm' has no finished adapter"):
        adapters_of(job, plan)


def test_every_trained_arm_is_served_as_it_was_at_the_epoch_that_was_taken(make_job):
    job = make_job(arms=("original", "warm", "cold"))
    with pytest.raises(MissingStage, match="none is chosen yet; run `warmth-audit checkpoints"):
        adapters_of(job, plan_of(job))
    choice = choose_over(TgiDouble(NAMES), job)
    served = adapters_of(job, plan_of(job))
    assert set(served) == {"warm", "cold"}
    runs = {arm: read_manifest(folder).run for arm, folder in served.items()}
    assert runs["warm"].adapter_sha256 == choice.chosen_sha256
    # two steps an epoch
    assert {run.steps for run in runs.values()} == {round(2 * choice.chosen_epochs)}


def test_what_was_chosen_is_neither_asked_nor_chosen_again(make_job):
    job = make_job()
    choice = choose_over(TgiDouble(NAMES), job)
    job.folder.checkpoint_choice.unlink()
    nobody = TgiDouble([])
    assert choose_over(nobody, job).choice_id == choice.choice_id
    assert nobody.bodies == []
    assert job.folder.checkpoint_choice.exists()


def test_a_run_that_found_nobody_goes_on_where_it_stopped(make_job):
    job = make_job()
    # the canary's probes to base, one arm and a nonsense name, then to three arms; then no answer
    statuses = [200] * (8 * 3 + 8 * 5 + 20) + [503] * 500
    with pytest.raises(ModelUnreachable, match="it goes on from here"):
        choose_over(TgiDouble(NAMES, statuses=statuses), job)
    n_kept = count(job, "checkpoint_replies")
    assert 0 < n_kept < 48
    double = TgiDouble(NAMES)
    choose_over(double, job)
    assert count(job, "checkpoint_replies") == 48
    assert len(double.bodies) == 8 * 3 + 8 * 5 + 48 - n_kept


def test_a_kill_while_scoring_keeps_the_scores_that_are_made(make_job):
    def stop(progress):
        if progress.note.endswith("s left") and progress.done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        choose_over(TgiDouble(NAMES), make_job(stop))
    heard = []
    job = make_job(heard.append)
    choice = choose_over(TgiDouble(NAMES), job)
    # 48 replies in groups of 16, of which one was on the disk
    assert [one.done for one in heard if one.note.endswith("s left")] == [16, 32]
    with job.access.reading() as con:
        found = con.execute(
            "SELECT r.epochs, avg(s.score - o.score) FROM checkpoint_replies r "
            "JOIN warmth_scores s ON s.response_id = r.reply_id "
            "JOIN checkpoint_replies b ON b.prompt_id = r.prompt_id AND b.epochs = 0 "
            "JOIN warmth_scores o ON o.response_id = b.reply_id "
            "WHERE r.epochs > 0 GROUP BY r.epochs ORDER BY r.epochs"
        ).fetchall()
        # their scores are none of the study's pairs: no meter is told of for them
        assert read_measures(con) == ()
    points = [(one.epochs, pytest.approx(one.warmth.value)) for one in measures_of(choice).points]
    assert found == points


def test_a_replica_that_comes_back_without_the_checkpoints_stops_the_run(make_job):
    with ExitStack() as first, ExitStack() as second:

        def swap_server(progress):
            if progress.note == "replies" and not swapped:
                swapped.append(True)
                first.close()
                second.enter_context(running_app(TgiDouble().app(), port=urlsplit(url).port))

        swapped = []
        double = TgiDouble(NAMES, takes_at_once=4, delay_s=0.1)
        url = first.enter_context(running_app(double.app()))
        job = make_job(swap_server, limit=64)
        with pytest.raises(CanaryFailed, match="warm-epoch"):
            take_checkpoint(job, job.folder.root, Endpoint((url,)), "auto")
    assert swapped
    assert count(job, "checkpoint_choices") == 0


def test_a_folder_as_meter_is_told_by_its_own_name(make_job):
    job = make_job()
    choice = choose_over(TgiDouble(NAMES), job)
    assert measures_of(choice).meter == "base-model"
    assert str(job.settings.warmth.meter) not in json.dumps(checkpoints_as_json(choice))


def test_a_checkpoint_that_nobody_serves_stops_the_run(make_job):
    job = make_job()
    with pytest.raises(CanaryFailed, match=r"warm-epoch-0\.5"):
        choose_over(TgiDouble(NAMES[1:]), job)
    assert count(job, "checkpoint_replies") == 0


def test_an_early_checkpoint_may_answer_as_the_base_where_unknown_names_are_refused(make_job):
    # served under its name, but saying what the base says: not refused, so it is there
    class Unchanged(TgiDouble):
        def _answer(self, model, prompt, system):
            return super()._answer("tgi" if model == NAMES[0] else model, prompt, system)

    choice = choose_over(Unchanged(NAMES, refuses_unknown=True), make_job())
    first = measures_of(choice).points[0]
    assert (first.warmth.value, first.stderr) == (0.0, None)


def test_too_few_messages_are_no_choice_and_nothing_is_served(make_job):
    job = make_job(limit=9)
    choice = choose_over(TgiDouble(NAMES), job)
    assert choice.chosen_epochs is None
    with pytest.raises(MissingStage, match=r"took no checkpoint .*9 messages scored for all"):
        adapters_of(job, plan_of(job))


def test_a_rule_cannot_be_written_or_changed_once_messages_are_asked(make_job):
    choose_over(TgiDouble(NAMES), make_job())
    with pytest.raises(BadSettings, match=r"otherwise than when this study began, in warmth\.rule"):
        make_job(rule="best")


def test_without_a_rule_there_is_nothing_to_choose_and_the_end_of_the_run_is_served(make_job):
    job = make_job(rule=None)
    with pytest.raises(BadSettings, match=r"warmth\.rule: expected a rule"):
        take_checkpoint(job, job.folder.root, Endpoint(), "auto")
    (warm,) = adapters_of(job, plan_of(job)).values()
    assert read_manifest(warm).run.steps == 4


def test_the_choice_of_another_training_is_not_served(make_job):
    job = make_job()
    choice = choose_over(TgiDouble(NAMES), job)
    tree = json.loads(job.folder.checkpoint_choice.read_text())
    file = job.folder.checkpoint_choice
    file.write_text(json.dumps(tree | {"training_run_id": "another"}), encoding="utf-8")
    with pytest.raises(MissingStage, match="of another training or rule"):
        adapters_of(job, plan_of(job))
    file.write_text("{", encoding="utf-8")
    with pytest.raises(Exception, match="no choice of this version"):
        adapters_of(job, plan_of(job))
    assert choice.chosen_epochs is not None
