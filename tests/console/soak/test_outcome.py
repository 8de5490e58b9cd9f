from __future__ import annotations

from dataclasses import replace

import pytest

from console.data.verification import Check, Verification
from console.soak.outcome import Soaked, content_of, faults_of
from console.soak.promises import Acknowledged, Promises
from handlers.domain.bookmark import Bookmark


@pytest.fixture
def soaked(promises: Promises) -> Soaked:
    promises.acknowledge(Acknowledged(Bookmark(1, 2), ("a", "b")))
    promises.latencies_ms["GET"] = [float(value) for value in range(100, 0, -1)]
    promises.answers["POST 201"] += 1
    check = Check("sqlite-efs", 2, "0" * 32, True, None, 1.0)
    paths = Verification("1.2", 2, "0" * 32, True, [check])
    return Soaked(promises, {"killed": 3}, 1.5, 0.5, 2, paths, {"is_right": True})


def test_nothing_is_wrong_where_every_promise_was_kept(soaked: Soaked) -> None:
    assert faults_of(soaked) == []
    content = content_of(soaked)
    assert (content["inserts"], content["rows_acknowledged"], content["promises_broken"]) == (1, 2, 0)
    assert content["latency_ms"] == {"GET": {"p50": 50.0, "p99": 99.0, "p100": 100.0}}
    assert (content["violence"], content["answers"], content["bookmark"]) == ({"killed": 3}, {"POST 201": 1}, "1.2")


def test_each_thing_that_is_wrong_is_told(soaked: Soaked) -> None:
    soaked.promises.defect("a row is gone")
    wrong = replace(soaked.paths, paths=[replace(soaked.paths.paths[0], is_right=False)])
    inside = {"is_right": False, "fault": "a segment is damaged"}
    bad = replace(soaked, healed_in_s=None, paths=wrong, inside=inside)
    assert faults_of(bad) == [
        "a row is gone",
        "not everything was published in the end",
        "sqlite-efs is not what the snapshot says",
        "a segment is damaged",
    ]
    assert content_of(bad)["broken"] == faults_of(bad)
