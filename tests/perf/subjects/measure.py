"""pytest-benchmark with types: its own fixture says nothing of what it returns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from pytest_benchmark.fixture import BenchmarkFixture

T = TypeVar("T")


def measure(benchmark: BenchmarkFixture, group: str, call: Callable[[], T], rounds: int | None = None) -> T:
    """Measure `call` in a group; what it returns. `rounds`: exactly so many calls, for one that cannot be repeated."""
    benchmark.group = group
    if rounds is None:
        return cast("Callable[[Callable[[], T]], T]", benchmark)(call)
    pedantic = cast("Callable[..., T]", getattr(benchmark, "pedantic"))  # noqa: B009 - its type is not known
    return pedantic(call, rounds=rounds)
