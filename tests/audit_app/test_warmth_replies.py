"""Messages that are asked for warmth alone, through generation, grading, pairing and seats."""

import pytest
from quick_server import running_app
from served_study import PLAN, make_adapters, make_job
from tgi_double import TgiDouble

from audit_app.access import FileAccess
from audit_app.generation_stage import generate_responses, missing_requests
from audit_app.overview import count_stored
from audit_app.pages.owner_parts import counts_html
from audit_app.pipeline import Job, grade_missing, pair_missing, read_content, store_questions
from audit_app.seat_rows import read_subjects
from audit_app.serving_stage import check_served_models
from audit_app.stages import utc_now
from audit_app.study_events import StudyState
from audit_app.study_report import check_study_gate, compute_report
from evaluation.pairs import read_orientations
from evaluation.serving.chat_client import connect
from study.settings import GateSettings, RatingSettings, WarmthSettings

N_MESSAGES = 5
WARMTH_REPLIES = """
    SELECT count(*) FROM responses JOIN prompts USING (prompt_id) JOIN items USING (item_id)
    WHERE answer_kind = 'ungraded'"""
WARMTH_PAIRS = """
    SELECT count(*) FROM pairs JOIN prompts USING (prompt_id) JOIN items USING (item_id)
    WHERE answer_kind = 'ungraded'"""


def job_with_messages(folder, warmth_pairs=3, report=lambda progress: None):
    """Two items of four prompts, and five messages, of three arms."""
    plain = make_job(folder)
    settings = plain.settings.model_copy(
        update={
            "warmth": WarmthSettings(prompts="packaged", limit=N_MESSAGES),
            "rating": RatingSettings(warmth_pairs=warmth_pairs),
            "gate": GateSettings(judge_by="value", min_scored_share=0.1),
        }
    )
    study = type(plain.folder)(plain.folder.root.parent / "heard")
    return Job(study, settings, FileAccess(study, settings), report)


def ask(job, adapters):
    with running_app(TgiDouble(["warm"]).app()) as url:
        client, questions = connect(url, seed=1), store_questions(job)
        checked = check_served_models(job, PLAN, adapters, client, utc_now)
        requests = missing_requests(job, questions, checked.arms)
        generate_responses(job, questions, requests, client, checked.check)


def count(job, query):
    with job.access.reading() as con:
        return con.execute(query).fetchone()[0]


@pytest.fixture
def adapters(tmp_path):
    return make_adapters(tmp_path)


def test_every_arm_replies_and_no_reply_is_graded(tmp_path, adapters):
    job = job_with_messages(tmp_path)
    ask(job, adapters)
    assert count(job, WARMTH_REPLIES) == N_MESSAGES * 3
    # two items in four conditions, of three arms
    assert count(job, "SELECT count(*) FROM grades") == 24
    assert grade_missing(job) == 0


def test_as_many_messages_make_pairs_as_the_study_says(tmp_path, adapters):
    job = job_with_messages(tmp_path, warmth_pairs=3)
    ask(job, adapters)
    # three messages of two compared arms, beside eight prompts of both
    assert count(job, WARMTH_PAIRS) == 6
    assert count(job, "SELECT count(*) FROM pairs") == 6 + 16
    assert pair_missing(job) == 0


def test_more_pairs_can_be_asked_for_later_and_those_that_were_stay(tmp_path, adapters):
    few = job_with_messages(tmp_path, warmth_pairs=0)
    ask(few, adapters)
    assert count(few, WARMTH_PAIRS) == 0
    more = job_with_messages(tmp_path, warmth_pairs=None)
    assert pair_missing(more) == 2 * N_MESSAGES


def test_raters_are_given_their_pairs_and_asked_about_no_single_reply(tmp_path, adapters):
    job = job_with_messages(tmp_path)
    ask(job, adapters)
    with job.access.reading() as con:
        cursor = con.cursor()
        pairs = read_subjects(cursor, "pair", None, 7, read_orientations(cursor))
        replies = read_subjects(cursor, "reply", None, 7, {})
    assert sum(pair.is_offered for pair in pairs) == 22
    assert len(replies) == 24


def test_report_and_gate_count_questions_alone(tmp_path, adapters):
    job = job_with_messages(tmp_path)
    ask(job, adapters)
    job.access.record_event("unblinded", "The test looks at every arm.")
    with job.access.reading() as con:
        report = compute_report(con, job.settings)
        checks = check_study_gate(con, job.settings)
    results = report.results
    overall = [
        cell
        for cell in results.error_rates
        if cell.condition.context is None and cell.condition.belief is None
    ]
    assert {cell.n_replies for cell in overall} == {8}
    assert results.n_warmth_replies == 15
    assert "warmth" not in {cell.task for cell in results.ours.cell_rates}
    assert {check.found.n for check in checks} == {8}
    assert {one.drawn.n_drawn for one in results.warmth_pairs} == {3}


def test_the_stage_says_what_was_drawn_and_messages_are_in_the_hash_of_the_items(tmp_path):
    heard = []
    job = job_with_messages(tmp_path, report=heard.append)
    store_questions(job)
    assert heard[-1].note == ("2 items, 8 prompts, 5 warmth prompts drawn of 64 among 64 messages")
    fewer = job.settings.model_copy(
        update={"warmth": WarmthSettings(prompts="packaged", limit=N_MESSAGES - 1)}
    )
    assert read_content(fewer).items_sha256 != read_content(job.settings).items_sha256


def test_the_owner_is_told_how_many_replies_get_no_grade(tmp_path, adapters):
    job = job_with_messages(tmp_path)
    ask(job, adapters)
    with job.access.reading() as con:
        shown = counts_html(
            count_stored(con), StudyState(is_paused=False, is_closed=False, is_unblinded=False)
        )
    assert (
        "24 of 24 replies graded, to 13 prompts; 15 replies to messages asked for warmth" in shown
    )
