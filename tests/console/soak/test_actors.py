from __future__ import annotations

import random
import threading
from collections.abc import Iterator

import pytest

from console.local.background import BackgroundStack
from console.soak import actors
from console.soak.actors import PageReader, PatientClient, RowWriter, keep_acting
from console.soak.promises import Promises
from handlers.routes import SOURCES
from tests.support.local import web
from tests.support.local.faults import FaultyApi, answers, drops, loses_answer, passes, tampers


def writer(api: FaultyApi, promises: Promises, seed: int = 3) -> RowWriter:
    return RowWriter(api.url, SOURCES, promises, random.Random(seed))


@pytest.fixture
def api(stack: BackgroundStack) -> Iterator[FaultyApi]:
    with FaultyApi(stack.url) as api:
        yield api


def test_a_request_is_sent_until_it_is_answered_for_good(api: FaultyApi, promises: Promises) -> None:
    gateway = answers(500, {"message": "Internal Server Error"}, content_type="application/json")
    api.script.extend([drops, gateway, answers(503, retry_after="0"), passes])
    client = PatientClient(api.url, promises)
    response = client.send("GET", "/query/health", {})
    client.close()
    assert response is not None
    assert response.status_code == 200
    assert promises.answers == {"GET no answer": 1, "GET 500 gateway": 1, "GET 503": 1, "GET 200": 1}


def test_nobody_waits_for_ever(api: FaultyApi, promises: Promises, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actors, "PATIENCE_S", 0.0)
    api.script.extend([drops] * 3)
    inserting, reading = writer(api, promises), PageReader(api.url, SOURCES, promises, random.Random(1))
    inserting.act()
    reading.act()
    reading.close()
    inserting.close()
    assert (promises.unanswered, promises.acknowledged) == (1, [])
    (defect,) = promises.defects
    assert defect.endswith("was not answered within 0 s")


def test_an_insert_whose_answer_got_lost_is_acknowledged_once(api: FaultyApi, promises: Promises) -> None:
    api.script.append(loses_answer)
    inserting = writer(api, promises)
    for _ in range(6):  # with and without waiting for a snapshot, read back or not
        inserting.act()
        web.post(f"{api.upstream}/snapshots")
    inserting.close()
    head = web.get(f"{api.upstream}/command/health").json()["bookmark"]
    assert str(promises.acknowledged[-1].bookmark) == head
    ids = [row_id for insert in promises.acknowledged for row_id in insert.ids]
    assert len(set(ids)) == len(ids)
    assert promises.checks > 0
    assert promises.defects == []


def read_back(api: FaultyApi, promises: Promises, **said: object) -> None:
    """Insert through the API, and have the answer to reading a row back replaced."""
    inserting = writer(api, promises)
    api.script.extend([passes, answers(**said)])  # pyright: ignore[reportArgumentType] - as `answers` takes them
    while not promises.checks and "GET 409" not in promises.answers:
        api.script.clear()
        api.script.extend([passes, answers(**said)])  # pyright: ignore[reportArgumentType]
        inserting.act()
    inserting.close()


def test_a_row_that_is_not_there_is_a_defect(api: FaultyApi, promises: Promises) -> None:
    read_back(api, promises, status=404, body={"title": "Not found"}, content_type="application/problem+json")
    assert any("Not found" in defect for defect in promises.defects)


def test_a_history_that_was_left_is_none(api: FaultyApi, promises: Promises) -> None:
    read_back(api, promises, status=409, body={})
    assert (promises.checks, promises.defects) == (0, [])


def test_a_row_that_does_not_appear_in_time_is_a_defect(
    api: FaultyApi, promises: Promises, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "PATIENCE_S", 0.0)
    read_back(api, promises, status=503, body={})
    assert any("was not there at" in defect for defect in promises.defects)


def test_a_reader_finds_pages_that_differ_and_points_that_go_back(api: FaultyApi, promises: Promises) -> None:
    web.post(f"{api.upstream}/insert", json={"count": 5})
    reading = PageReader(api.url, SOURCES, promises, random.Random(1))
    reading.act()
    assert (promises.checks, promises.defects) == (2, [])
    api.script.extend([passes, tampers('"created_at":"2', '"created_at":"3')])
    reading.act()
    (defect,) = promises.defects
    assert "differ at" in defect
    api.script.extend([answers(200, '{"bookmark":"5.0","data":[]}'), answers(409)])
    reading.act()
    reading.close()
    assert "went back from" in promises.defects[1]


def test_an_actor_acts_until_it_is_over_and_what_it_raises_is_a_defect(api: FaultyApi, promises: Promises) -> None:
    is_over = threading.Event()
    acts: list[int] = []

    class Tired(RowWriter):
        def act(self) -> None:
            acts.append(1)
            if len(acts) == 3:
                raise ValueError("tired")

    keep_acting(Tired(api.url, SOURCES, promises, random.Random(1)), is_over, promises, lambda: 0.0)
    assert promises.defects == ["Tired: ValueError('tired')"]
    is_over.set()
    keep_acting(Tired(api.url, SOURCES, promises, random.Random(1)), is_over, promises, lambda: 0.0)
    assert len(acts) == 3
