from datetime import UTC, datetime

import duckdb
import pytest

from study.errors import BadSettings
from study.migrations import migrate
from study.settings import RatingSettings, Settings
from study.versions import read_newest_settings, record_version

BEGUN = Settings(name="pilot", question="Does warmth cost accuracy?", seed=7)


def at(minute):
    return datetime(2026, 11, 23, 10, minute, tzinfo=UTC)


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    return con


def test_a_study_keeps_what_decides_its_rows(con):
    record_version(con, BEGUN, at(0))
    with pytest.raises(BadSettings, match="in seed; put the old values back"):
        record_version(con, BEGUN.model_copy(update={"seed": 8}), at(1))
    assert read_newest_settings(con) == BEGUN


def test_who_rates_how_often_may_change_and_stands_on_the_record(con):
    record_version(con, BEGUN, at(0))
    changed = BEGUN.model_copy(update={"rating": RatingSettings(raters_per_pair=5)})
    record_version(con, changed, at(1))
    record_version(con, changed, at(2))
    assert read_newest_settings(con) == changed
    assert con.execute("SELECT count(*) FROM study_versions").fetchone() == (2,)
