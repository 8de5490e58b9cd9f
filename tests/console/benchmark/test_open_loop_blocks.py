from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Any

import pytest

from console.benchmark.open_loop import Block, Pace, Schedule, Timed, run_open_loop
from console.benchmark.probe import Exchange
from console.benchmark.workloads import Reads
from handlers.routes import SOURCES

RATE_PER_S = 50.0


class Numbered(Reads):
    """Reads that say which they are."""

    def __init__(self) -> None:
        """Needs no probe."""

    def exchange(self, source: str, number: int) -> Exchange:
        return Exchange(0.0, 0.0, 0.0, None, {"source": source, "number": number})


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Sources whose schedules are broken off after a request; time passes as it should, without passing."""
    names: set[str] = set()

    def run(_: Schedule, requests: list[Any], keep: Callable[[Block], None]) -> None:
        exchanges = [request() for request in requests]
        is_whole = exchanges[0].members["source"] not in names
        times_s = [number / RATE_PER_S for number in range(len(exchanges))]
        timed = [
            Timed(at_s, Exchange(at_s, at_s, at_s + 0.01, None, exchange.members))
            for at_s, exchange in zip(times_s, exchanges, strict=True)
        ]
        keep(Block(timed if is_whole else timed[:1], is_whole))

    monkeypatch.setattr(Schedule, "run", run)
    return names


def blocks_of(iterations: int, sources: Sequence[str] = SOURCES) -> list[tuple[str, Block, Pace]]:
    kept: list[tuple[str, Block, Pace]] = []
    run_open_loop(
        Numbered(), iterations, RATE_PER_S, sources, lambda source, block, pace: kept.append((source, block, pace))
    )
    return kept


def test_the_paths_take_turns_with_blocks_in_all_orders(broken: set[str]) -> None:
    assert broken == set()
    blocks = blocks_of(60)
    sources = [source for source, _, _ in blocks]
    assert [tuple(sources[start : start + 3]) for start in range(0, 18, 3)] == list(permutations(SOURCES))
    for source in SOURCES:
        numbers = [each.exchange.members["number"] for its, block, _ in blocks if its == source for each in block.timed]
        assert numbers == list(range(60))
    assert all(pace.is_held for _, _, pace in blocks)


@pytest.mark.parametrize(("iterations", "sizes"), [(5, [5]), (25, [10, 10, 5]), (300, [50] * 6), (61, [11] * 5 + [6])])
def test_blocks_are_equal_and_none_is_tiny(broken: set[str], iterations: int, sizes: list[int]) -> None:
    assert broken == set()
    assert [len(block.timed) for _, block, _ in blocks_of(iterations, ["ddb"])] == [iterations]
    found = [len(block.timed) for source, block, _ in blocks_of(iterations) if source == "ddb"]
    assert found == sizes


def test_a_path_that_cannot_hold_the_rate_is_not_pressed_on(broken: set[str]) -> None:
    broken.add("ddb")
    blocks = blocks_of(60)
    assert Counter(source for source, _, _ in blocks) == {"sqlite-efs": 6, "sqlite-tmp": 6, "ddb": 1}
    assert {source for source, _, pace in blocks if not pace.is_held} == {"ddb"}
