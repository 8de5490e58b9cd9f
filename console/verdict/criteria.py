"""The three questions that the original experiment left open, answered from a benchmark's result.

An answer is yes or no only where the measurement's whole confidence interval says so. Of the copy itself a result keeps
the median alone; but it is a part of the function's time for a first read, and no longer than that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from console.results.latency import TOO_FEW, Bounds, Latency, upper
from console.results.result import Size
from console.wording import interval, megabytes, three_digits

COPY_LIMIT_MS = 100.0
TIMES_FASTER = 10.0
EFS_LIMIT_MS = 50.0
WORKLOAD = "newest-100"

Answer = Literal["yes", "no", "not decided", "not measured"]


@dataclass(frozen=True)
class Criterion:
    """One question.

    Args:
        measured: the value in words, or why there is none.
    """

    question: str
    answer: Answer
    measured: str = ""

    def text(self, is_local: bool) -> str:
        """Say it in a sentence.

        Args:
            is_local: the snapshots lay on a local disk.
        """
        where = " on this machine's disk, which is not EFS" if is_local and self.answer != "not measured" else ""
        said = f": {self.measured}" if self.measured else ""
        return f"{self.question} {self.answer.capitalize()}{where}{said}."


def criteria(size: Size) -> list[Criterion]:
    """Answer all three, for one size."""
    return [_copy(size), _times_faster(size), _efs_direct(size)]


def _copy(size: Size) -> Criterion:
    question = f"Is a copy to /tmp made in under {COPY_LIMIT_MS:.0f} ms?"
    found = size.measured("first-in-sandbox", "sqlite-tmp")
    copy_ms = found.phases_ms.get("copy") if found else None
    if found is None or copy_ms is None:
        return Criterion(question, "not measured")
    if found.consumed.get("copied_bytes", size.snapshot_bytes) < size.snapshot_bytes:
        return Criterion(question, "not measured", "so large a snapshot is copied in steps, and no read waits for all")
    said = f"{megabytes(size.snapshot_bytes)} in {three_digits(copy_ms)} ms (median)"
    whole = Latency.from_measurement(found, in_function=True)
    if whole is None or not whole.is_told:
        return Criterion(question, "not decided", f"{said}, {TOO_FEW if whole else 'without an interval'}")
    read_ms, bounds_ms = three_digits(whole.p50), interval(*whole.p50_interval)
    said += f", within a first read of {read_ms} ms ({bounds_ms}, p50 in the function)"
    return Criterion(question, _answer(is_yes=upper(whole.p50_interval) < COPY_LIMIT_MS, is_no=False), said)


def _times_faster(size: Size) -> Criterion:
    question = f"Are reads from /tmp at least {TIMES_FASTER:.0f} times as fast as from EFS?"
    on_efs, in_tmp = _function_ms(size, "sqlite-efs"), _function_ms(size, "sqlite-tmp")
    if on_efs is None or in_tmp is None or not in_tmp.p50:
        return Criterion(question, "not measured")
    times = f"{three_digits(on_efs.p50 / in_tmp.p50)} times"
    against = f"{three_digits(on_efs.p50)} against {three_digits(in_tmp.p50)} ms, p50 in the function"
    if not (on_efs.is_told and in_tmp.is_told):
        return Criterion(question, "not decided", f"{times}, {against}; {TOO_FEW}")
    ratio = _ratio(on_efs.p50_interval, in_tmp.p50_interval)
    answer = _answer(is_yes=ratio[0] >= TIMES_FASTER, is_no=upper(ratio) < TIMES_FASTER)
    return Criterion(question, answer, f"{times} ({interval(*ratio)}), {against}")


def _efs_direct(size: Size) -> Criterion:
    question = f"Does reading from EFS directly take under {EFS_LIMIT_MS:.0f} ms?"
    on_efs = _function_ms(size, "sqlite-efs")
    if on_efs is None:
        return Criterion(question, "not measured")
    bounds = on_efs.p50_interval
    if not on_efs.is_told:
        return Criterion(question, "not decided", f"{three_digits(on_efs.p50)} ms, p50 in the function; {TOO_FEW}")
    said = f"{three_digits(on_efs.p50)} ms ({interval(*bounds)}, p50 in the function)"
    return Criterion(question, _answer(is_yes=upper(bounds) < EFS_LIMIT_MS, is_no=bounds[0] >= EFS_LIMIT_MS), said)


def _function_ms(size: Size, source: str) -> Latency | None:
    """Return the function's own times of the newest 100 rows: what the storage takes, without the way there."""
    found = size.measured(WORKLOAD, source)
    return Latency.from_measurement(found, in_function=True) if found else None


def _ratio(one: Bounds, other: Bounds) -> Bounds:
    """Return how many times as long one takes as the other."""
    high = upper(one) / other[0] if other[0] else math.inf
    return one[0] / upper(other), None if math.isinf(high) else high


def _answer(*, is_yes: bool, is_no: bool) -> Answer:
    if is_yes:
        return "yes"
    return "no" if is_no else "not decided"
