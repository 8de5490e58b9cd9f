"""The same done for many pages, several at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from console.terminal import Advance

T = TypeVar("T")
R = TypeVar("R")


def in_parallel(work: Callable[[T], R], things: Sequence[T], at_once: int, advance: Advance) -> list[R]:
    """Return what comes of each, in order. Once one fails, or Ctrl-C comes, no other is begun.

    Args:
        at_once: how many are under way at the same time.
        advance: is told of each that is done.
    """
    results: list[R] = []
    with ThreadPoolExecutor(at_once) as pool:
        for result in pool.map(work, things):
            results.append(result)
            advance(1)
    return results
