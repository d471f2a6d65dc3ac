from dataclasses import asdict

import duckdb
import pytest

from evaluation.serving.served_models import insert_served_models
from study.database import transaction
from study.errors import BadTable
from study.migrations import migrate
from study.records import ServedModel

WARM = ServedModel(
    served_model_id="a1",
    arm="warm",
    model_name="warm",
    engine="local server fp32",
    base_sha256="b",
    adapter_sha256="c",
    decoding_json="{}",
    canary_json='{"probes": ["Why?"]}',
    served_at="2026-01-02T03:04:05+00:00",
)


@pytest.fixture
def con():
    con = duckdb.connect()
    migrate(con)
    yield con
    con.close()


def test_a_served_model_is_stored_once(con):
    with transaction(con) as cursor:
        assert insert_served_models(cursor, [asdict(WARM)]) == 1
        assert insert_served_models(cursor, [asdict(WARM)]) == 0
    stored = con.execute("SELECT s.arm, s.canary_json FROM served_models s").fetchall()
    assert stored == [("warm", '{"probes": ["Why?"]}')]


def test_a_row_with_a_hole_is_refused(con):
    row = {key: value for key, value in asdict(WARM).items() if key != "engine"}
    with pytest.raises(BadTable, match="engine"), transaction(con) as cursor:
        insert_served_models(cursor, [row])
