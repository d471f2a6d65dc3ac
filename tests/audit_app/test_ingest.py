import json
import socket
import threading
from dataclasses import asdict
from datetime import UTC, datetime

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from quick_server import QuickServer

from audit_app.holds import list_holds
from audit_app.ingest import IngestDoor, build_ingest_router
from audit_app.stages import StageBoard
from study.records import ContextSentence, Item, Pair, Prompt, Response, Rewrite

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ITEM = Item("i1", "trivia", "Which capital?", ("Canberra",), ("Sydney",), "an atlas", "CC0")
PROMPT = Prompt("p1", "i1", "none", "none", "Which capital?")
REWRITE = Rewrite("w1", "c1", "warm", "Hello?", "Hello.", "Hello, dear.")
SENTENCE = ContextSentence("s1", "sad", "I lost my job.")
PAIR = Pair("pair", "p1", "r1", "r2")


def response(response_id, text, finish_reason="stop"):
    return Response(
        response_id=response_id,
        prompt_id="p1",
        served_model_id="m1",
        arm="warm",
        sample=int(response_id[1:]),
        text=text,
        finish_reason=finish_reason,
        failure=None if text is not None else "the endpoint closed the connection",
        n_tokens=9,
        seconds=0.5,
        created_at="2026-03-01T12:00:00+00:00",
    )


class Door:
    """The router of one study on loopback, and how often it said that rows came."""

    def __init__(self, con):
        self.n_calls = 0
        self.n_rows_seen = []
        self._con = con
        app = FastAPI()
        door = IngestDoor(con, "token", StageBoard(), lambda: NOON, self._on_rows)
        app.include_router(build_ingest_router(door))
        self._listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_level="warning", ws="none")
        self._server = QuickServer(config)
        self._thread = threading.Thread(target=self._server.run, args=([self._listener],))
        self._thread.start()
        self._sent = {}

    def _on_rows(self):
        self.n_calls += 1
        count = self._con.cursor().execute("SELECT count(*) FROM pairs").fetchone()
        self.n_rows_seen.append(count[0])

    def hand_in(self, run_id, start_byte=None, **records):
        """Post records by table, from where the run has come; the answer."""
        lines = "".join(
            json.dumps({"table": table, "row": asdict(record)}) + "\n"
            for table, some in records.items()
            for record in some
        ).encode()
        start = self._sent.get(run_id, 0) if start_byte is None else start_byte
        host, port = self._listener.getsockname()
        answer = httpx.post(
            f"http://{host}:{port}/ingest/runs/{run_id}",
            params={"stage": "prompts", "start_byte": start},
            content=lines,
            headers={"Authorization": "Bearer token"},
            trust_env=False,
        )
        self._sent[run_id] = answer.json().get("bytes", start)
        return answer

    def close(self):
        self._server.should_exit = True
        self._thread.join(timeout=20)
        self._listener.close()


@pytest.fixture
def door(con):
    door = Door(con)
    yield door
    door.close()


def test_all_that_is_rated_is_taken_in(con, door):
    door.hand_in("a", items=[ITEM], prompts=[PROMPT], rewrites=[REWRITE])
    door.hand_in("a", context_sentences=[SENTENCE], responses=[response("r1", "Canberra.")])
    for table in ("items", "prompts", "rewrites", "context_sentences", "responses"):
        assert con.execute(f"FROM {table}").fetchall() != [], table


def test_seats_are_found_anew_when_something_that_is_rated_came_in(door):
    door.hand_in("a", items=[ITEM], prompts=[PROMPT])
    assert door.n_calls == 0
    for n_calls, rows in enumerate(
        (
            {"responses": [response("r1", "Canberra.")]},
            {"pairs": [PAIR]},
            {"rewrites": [REWRITE]},
            {"context_sentences": [SENTENCE]},
        ),
        start=1,
    ):
        assert door.hand_in("a", **rows).status_code == 200
        assert door.n_calls == n_calls


def test_they_are_found_after_the_rows_are_committed(door):
    door.hand_in("a", pairs=[PAIR])
    assert door.n_rows_seen == [1]


def test_a_chunk_that_is_not_the_next_one_stores_nothing_and_calls_nobody(door):
    door.hand_in("a", pairs=[PAIR])
    answer = door.hand_in("a", start_byte=10**6, pairs=[Pair("late", "p1", "r1", "r3")])
    assert answer.status_code == 200
    assert door.n_rows_seen == [1]


def test_a_refused_chunk_calls_nobody(con, door):
    answer = door.hand_in("a", pairs=[PAIR], prompts=[ITEM])
    assert answer.status_code == 422
    assert door.n_calls == 0
    assert con.execute("SELECT count(*) FROM pairs").fetchone() == (0,)


def test_a_reply_that_gives_itself_away_is_held_as_soon_as_it_is_stored(con, door):
    door.hand_in("a", items=[ITEM], prompts=[PROMPT])
    replies = [
        response("r1", "Canberra."),
        response("r2", "As an AI, I say Canberra."),
        response("r3", "The capital is the city of", "length"),
        response("r4", None, None),
    ]
    assert door.hand_in("a", responses=replies).status_code == 200
    assert [(held.response_id, held.rules) for held in list_holds(con)] == [
        ("r2", ("self_identification",)),
        ("r3", ("truncation",)),
    ]
    held_at = con.execute("SELECT DISTINCT held_at FROM holds").fetchall()
    received_at = con.execute("SELECT DISTINCT received_at FROM handed_in").fetchall()
    assert held_at == received_at == [(NOON,)]


def test_a_reply_that_is_handed_in_again_is_held_once(con, door):
    door.hand_in("a", items=[ITEM], prompts=[PROMPT])
    for run_id in ("b", "c"):
        answer = door.hand_in(run_id, responses=[response("r2", "Canberra.</s>")])
        assert answer.status_code == 200
    assert con.execute("SELECT response_id, rule FROM holds").fetchall() == [
        ("r2", "template_residue")
    ]
