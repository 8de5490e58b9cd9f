from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from handlers import query
from handlers.domain.bookmark import NOTHING
from handlers.domain.problem import Problem
from handlers.upkeep.warmth import MOST_HELD_MS, Warmth
from tests.support.api import Api, event
from tests.support.files import MemoryLedger, Place, served
from tests.support.meddling import Clock


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, CHECK_INTERVAL_MS="1000000000")


def test_it_opens_the_newest_snapshot_on_both_paths_and_holds(place: Place) -> None:
    ledger, clock = MemoryLedger(3), Clock()
    readers = (place.on_efs(), place.in_tmp())
    warmth = Warmth(readers, clock.sleep)
    place.publish(ledger)
    assert warmth({"hold_ms": 200})["is_cold"] is True
    assert clock.slept_s == [0.2]
    warm = ledger.bookmark
    ledger.grow(2)
    place.publish(ledger)
    assert [served(reader) for reader in readers] == [warm] * 2  # nothing is listed again for so long


def test_a_sandbox_is_cold_once_and_has_a_name_of_its_own(place: Place) -> None:
    one, other = (Warmth((place.on_efs(),), Clock().sleep) for _ in range(2))
    told = [one({"hold_ms": 0}), one({"hold_ms": 1000}), other({"hold_ms": 0})]
    assert [answer["is_cold"] for answer in told] == [True, False, True]
    assert told[0]["sandbox"] == told[1]["sandbox"] != told[2]["sandbox"]


@pytest.mark.parametrize(
    "wrong", [{}, *({"hold_ms": value} for value in (-1, 1001, 1.5, "200", None, True, [1]))], ids=repr
)
def test_another_event_names_what_is_allowed(place: Place, wrong: dict[str, Any]) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match=f"allowed: an integer from 0 to {MOST_HELD_MS}"):
        Warmth((place.on_efs(),), clock.sleep)(wrong)
    assert clock.slept_s == []


def test_a_file_system_that_is_away_is_an_error_and_holds_nobody(place: Place) -> None:
    place.efs.rmdir()
    clock = Clock()
    with pytest.raises(Problem, match="cannot be read"):
        Warmth((place.on_efs(),), clock.sleep)({"hold_ms": 5})
    assert clock.slept_s == []


def test_the_query_function_answers_it_and_a_read_then_opens_nothing(
    api: Api, environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("/insert", {"count": 2})
    handler: Any = query.make_handler(environ)
    told = [handler({"hold_ms": 0}, None) for _ in range(2)]
    assert [set(answer) for answer in told] == [{"sandbox", "is_cold"}] * 2
    assert [answer["is_cold"] for answer in told] == [True, False]

    def fail(*_: object) -> None:
        raise AssertionError("it is open already")

    monkeypatch.setattr("handlers.reads.sqlite_efs.open_segment", fail)
    assert handler(event("GET", "/sqlite-efs"), None)["statusCode"] == 200


def test_no_gateway_event_reaches_it(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("from the gateway")

    monkeypatch.setattr(Warmth, "__call__", fail)
    handler: Any = query.make_handler(environ)
    for made in (event("GET", "/health"), event("POST", "/health", '{"hold_ms": 1}'), event("GET", "")):
        assert handler({**made, "hold_ms": 1}, None)["statusCode"] in (200, 404, 405)
    with pytest.raises(AssertionError, match="from the gateway"):
        handler({"hold_ms": 1}, None)


def test_before_anything_is_published_a_sandbox_gets_warm_too(place: Place) -> None:
    reader = place.on_efs()
    Warmth((reader,), Clock().sleep)({"hold_ms": 0})
    assert served(reader) == NOTHING
