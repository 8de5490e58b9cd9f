"""The three questions that the original experiment left open, answered from a benchmark's result.

An answer is yes or no only where the measurement's whole confidence interval says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.result import Figures, Size

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
        """A sentence.

        Args:
            is_local: the snapshots lay on a local disk.
        """
        where = " on this machine's disk, which is not EFS" if is_local and self.answer != "not measured" else ""
        said = f": {self.measured}" if self.measured else ""
        return f"{self.question} {self.answer.capitalize()}{where}{said}."


def criteria(size: Size) -> list[Criterion]:
    """All three, for one size."""
    return [_copy(size), _times_faster(size), _efs_direct(size)]


def function_ms(size: Size, source: str) -> Figures | None:
    """The function's own times of the newest 100 rows: what the storage takes, without the way there."""
    found = size.measured(WORKLOAD, source)
    return found.server_ms if found else None


def _copy(size: Size) -> Criterion:
    question = f"Is a copy to /tmp made in under {COPY_LIMIT_MS:.0f} ms?"
    found = size.measured("first-in-sandbox", "sqlite-tmp")
    copy_ms = found.phases_ms.get("copy") if found else None
    if found is None or copy_ms is None:
        return Criterion(question, "not measured")
    if found.consumed.get("copied_bytes", size.snapshot_bytes) < size.snapshot_bytes:
        return Criterion(question, "not measured", "so large a snapshot is copied in steps, and no read waits for all")
    said = f"{size.snapshot_bytes / 1e6:,.1f} MB in {copy_ms:,.1f} ms (median)"
    return Criterion(question, "yes" if copy_ms < COPY_LIMIT_MS else "no", said)


def _times_faster(size: Size) -> Criterion:
    question = f"Are reads from /tmp at least {TIMES_FASTER:.0f} times as fast as from EFS?"
    on_efs, in_tmp = function_ms(size, "sqlite-efs"), function_ms(size, "sqlite-tmp")
    if on_efs is None or in_tmp is None or not in_tmp.p50_interval[0]:
        return Criterion(question, "not measured")
    low = on_efs.p50_interval[0] / in_tmp.p50_interval[1]
    high = on_efs.p50_interval[1] / in_tmp.p50_interval[0]
    times = f"{on_efs.p50 / in_tmp.p50:.1f} times ({low:.1f} to {high:.1f})"
    said = f"{times}, {on_efs.p50:.2f} against {in_tmp.p50:.2f} ms, p50 in the function"
    return Criterion(question, _answer(is_yes=low >= TIMES_FASTER, is_no=high < TIMES_FASTER), said)


def _efs_direct(size: Size) -> Criterion:
    question = f"Does reading from EFS directly take under {EFS_LIMIT_MS:.0f} ms?"
    on_efs = function_ms(size, "sqlite-efs")
    if on_efs is None:
        return Criterion(question, "not measured")
    low, high = on_efs.p50_interval
    said = f"{on_efs.p50:.2f} ms ({low:.2f} to {high:.2f}, p50 in the function)"
    return Criterion(question, _answer(is_yes=high < EFS_LIMIT_MS, is_no=low >= EFS_LIMIT_MS), said)


def _answer(*, is_yes: bool, is_no: bool) -> Answer:
    if is_yes:
        return "yes"
    return "no" if is_no else "not decided"
