"""Numbers of prompts in the shape of the study of 2025 say so, sealed or open."""

from graded_study import study_of

from audit_app.study_report import compute_report, report_as_json, report_tables
from study.settings import EvaluationSettings, Settings

SHAPED = Settings(
    name="shaped",
    question="?",
    seed=7,
    evaluation=EvaluationSettings(shape="paper_compat"),
)
MARK = "prompts in the shape of paper_compat: a lead-in only where a belief is stated"


def marks_of(con):
    report = compute_report(con, SHAPED)
    return [MARK in table.note for table in report_tables(report)], report_as_json(report)


def test_every_table_and_the_json_carry_the_mark():
    con = study_of(("original", "warm"), beliefs=("none", "asserts_wrong"), rated=False)
    marks, told = marks_of(con)
    assert all(marks)
    assert len(marks) > 1
    assert told["limited"] == MARK
    con.close()


def test_so_they_do_while_results_are_sealed():
    con = study_of(("original", "warm"))
    marks, told = marks_of(con)
    assert told["sealed"]
    assert all(marks)
    assert told["limited"] == MARK
    con.close()
