"""What an owner downloads from the app, and who else gets nothing of it."""

import io
import zipfile
from datetime import UTC, datetime

import httpx
import pytest
from study_server import ServedStudy, fill_study, plain_replies

from audit_app.study_events import record_event

ZIP = "/owner/export/dataset.zip"
REPORT = "/owner/export/report.html"
KEY = "/owner/export/unblinding-key.csv"
IDENTITIES = "/owner/export/identities.csv"
EVENTS = "SELECT event, reason FROM study_events ORDER BY number"


@pytest.fixture
def study(study_app: ServedStudy) -> ServedStudy:
    fill_study(study_app.con, plain_replies(2))
    return study_app


@pytest.fixture
def owner(study: ServedStudy):
    with httpx.Client(base_url=study.url, trust_env=False) as client:
        assert client.get(study.link("owner")).status_code == 303
        yield client


def test_the_dataset_comes_whole_and_puts_nothing_on_the_record(study, owner):
    answer = owner.get(ZIP)
    assert answer.headers["content-disposition"] == 'attachment; filename="tested.zip"'
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    files = {
        f"data/{name}.{kind}"
        for name in ("ratings", "replies", "raters", "remarks")
        for kind in ("csv", "parquet")
    }
    assert {name for name in names if not name.endswith("/")} == {"README.md"} | files
    assert study.rows(EVENTS) == []


def test_the_report_tells_what_the_page_does_and_is_sealed_while_that_is(study, owner):
    answer = owner.get(REPORT)
    assert answer.headers["content-disposition"] == 'attachment; filename="tested-report.html"'
    assert "Sealed" in answer.text
    assert not any(told in answer.text for told in (">original<", ">warm<", "Gap in error rate"))
    record_event(study.con, "closed", "the owner", "all is rated", datetime.now(UTC))
    answer = owner.get(REPORT)
    assert "Results open" in answer.text
    assert "Gap in error rate, warm − original" in answer.text
    assert study.rows(EVENTS) == [("closed", "all is rated")]


def test_key_and_identities_come_with_a_reason_that_goes_on_the_record(study, owner):
    answer = owner.post(KEY, data={"reason": "the analysis begins"})
    assert answer.text.startswith("kind,code,id,stands_for,model_name")
    assert "original reply 0,original,tgi" in answer.text
    answer = owner.post(IDENTITIES, data={"reason": "paying people"})
    assert answer.text.startswith("rater,rater_id,provider")
    assert study.rows(EVENTS) == [
        ("key_exported", "the analysis begins"),
        ("identities_exported", "paying people"),
    ]


@pytest.mark.parametrize("address", [KEY, IDENTITIES])
def test_without_a_reason_nothing_comes_and_nothing_is_recorded(study, owner, address):
    for content in ({}, {"reason": ""}, {"reason": " x "}):
        answer = owner.post(address, data=content)
        assert answer.status_code == 422
        assert "reply" not in answer.text
    assert study.rows(EVENTS) == []


def test_nobody_but_an_owner_gets_anything(study, owner):
    for role in ("annotator", "auditor"):
        with httpx.Client(base_url=study.url, trust_env=False) as client:
            client.get(study.link(role))
            for address in (ZIP, REPORT):
                assert client.get(address).status_code == 401
            for address in (KEY, IDENTITIES):
                assert client.post(address, data={"reason": "curious"}).status_code == 401
    study.con.execute(
        "INSERT INTO rater_states SELECT rater_id, 1, 'revoked', 'a test', 'a test', now() "
        "FROM raters WHERE role = 'owner'"
    )
    for address in (ZIP, REPORT):
        assert owner.get(address).status_code == 403
    assert owner.post(KEY, data={"reason": "still here"}).status_code == 403
    assert study.rows(EVENTS) == []
