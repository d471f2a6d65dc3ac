"""Scoring the replies of a study with a tiny GPT-2: each once, whatever interrupts it."""

import json

import pytest
from command_line import run_command
from served_study import make_job
from tiny_model import make_tiny_gpt2

from audit_app.pipeline import Job, store_questions
from audit_app.warmth_stage import find_meter, score_replies
from evaluation.warmth import load_meter, score_texts
from study.progress import silent
from study.records import Response

pytestmark = pytest.mark.model
N_REPLIES = 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_tiny_gpt2(tmp_path_factory.mktemp("models") / "tiny-gpt2", seed=3)


@pytest.fixture(scope="module")
def meter(folder):
    return load_meter(folder)


@pytest.fixture
def job(tmp_path):
    """Forty replies with a text, one of blanks, and one that failed."""
    job = make_job(tmp_path, n_items=12)
    prompts = store_questions(job).prompts
    texts = [f"The answer is still {number}, and we are here." for number in range(N_REPLIES)]
    run_file = job.run_file("generate")
    run_file.append(
        "responses",
        [
            reply(prompt.prompt_id, text)
            for prompt, text in zip(prompts, [*texts, " \n", None], strict=False)
        ],
    )
    job.access.hand_in(run_file)
    return job


def reply(prompt_id, text):
    failure = "refused" if text is None else None
    return Response(
        *(f"r-{prompt_id}", prompt_id, "model", "warm", 0, text, "stop", failure, 9, 1.0),
        created_at="2026-03-01T00:00:00+00:00",
    )


def rows(job, query):
    with job.access.reading() as con:
        return con.execute(query).fetchall()


def test_every_reply_with_a_text_has_one_score(job, meter):
    assert score_replies(job, meter, "masked", seed=7, passes=100) == N_REPLIES + 1
    found = rows(
        job,
        "SELECT r.text, s.score FROM warmth_scores s JOIN responses r USING (response_id) "
        "WHERE s.score IS NOT NULL ORDER BY r.text",
    )
    expected = score_texts(meter, [text for text, _ in found], "masked", seed=0)
    assert [score for _, score in found] == pytest.approx(expected, abs=1e-6)
    assert rows(job, "SELECT count(*), count(score) FROM warmth_scores") == [(41, 40)]
    assert rows(
        job, "SELECT DISTINCT mode, meter, meter_sha256, seed, passes FROM warmth_scores"
    ) == [("masked", "tiny-gpt2", meter.sha256, None, 1)]


def test_what_is_there_is_skipped_and_another_measure_scores_anew(job, meter):
    score_replies(job, meter, "masked", seed=7, passes=100)
    assert score_replies(job, meter, "masked", seed=8, passes=100) == 0
    assert score_replies(job, meter, "paper", seed=7, passes=1) == N_REPLIES + 1
    assert score_replies(job, meter, "paper", seed=7, passes=1) == 0
    assert rows(job, "SELECT mode, seed, count(*) FROM warmth_scores GROUP BY ALL ORDER BY 1") == [
        ("masked", None, 41),
        ("paper", 7, 41),
    ]


def test_a_run_that_is_stopped_goes_on_where_it_was(job, meter):
    def stop(progress):
        if progress.stage == "warmth" and progress.done >= 16:
            raise KeyboardInterrupt

    stopped = Job(job.folder, job.settings, job.access, stop)
    with pytest.raises(KeyboardInterrupt):
        score_replies(stopped, meter, "masked", seed=7, passes=100)
    assert score_replies(job, meter, "masked", seed=7, passes=100) == N_REPLIES + 1 - 16
    assert rows(job, "SELECT count(DISTINCT response_id), count(*) FROM warmth_scores") == [
        (41, 41)
    ]


def test_progress_and_the_last_word_count_replies(job, meter):
    heard = []
    told = Job(job.folder, job.settings, job.access, heard.append)
    score_replies(told, meter, "masked", seed=7, passes=100)
    score_replies(told, meter, "masked", seed=7, passes=100)
    own = [one for one in heard if one.stage == "warmth"]
    assert [one.done for one in own] == [16, 32, 41, 41, 0]
    assert own[3].note == "41 replies scored, 1 of them say nothing and have no score"
    assert (own[4].state, own[4].note) == ("skipped", "every reply has a score")


def test_a_folder_is_called_by_its_own_name(folder, tmp_path):
    assert find_meter(str(folder), tmp_path, silent).name == "tiny-gpt2"


def test_without_any_reply_the_command_says_so_before_it_loads_a_meter(tmp_path):
    from audit_app.demo import SMALL, write_study
    from study.folder import StudyFolder

    study = StudyFolder(tmp_path / "studies" / "small")
    write_study(study, SMALL)

    def warmth_audit(*arguments, status=0):
        done = run_command(*arguments, "--study", study.root)
        assert done.returncode == status, done.stderr
        return done.stdout if status == 0 else " ".join(done.stderr.split())

    told = warmth_audit("warmth", "--meter", tmp_path / "nowhere", status=2)
    assert "expected replies to score, the study has none yet; run `warmth-audit generate" in told
    assert json.loads(warmth_audit("report", "--json"))["meters"] == []
