"""The promises of a soak: what was acknowledged, how requests were answered, and what must never have happened."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

import httpx

from handlers.domain.bookmark import Bookmark

PROBLEM_TYPE = "application/problem+json"
ALLOWED = frozenset({200, 201, 202, 304, 409, 502, 503, 504})


@dataclass(frozen=True)
class Acknowledged:
    """One insert that was answered: its rows are the last ones up to its bookmark."""

    bookmark: Bookmark
    ids: tuple[str, ...]


@dataclass
class Promises:
    """All that the actors saw. Every method may be called from any thread.

    Attributes:
        acknowledged: every insert that was answered.
        unanswered: how many inserts never were; their rows may be in.
        answers: how often each status came, by method; "500 gateway" is a sandbox that ended.
        checks: how many promises were looked at.
        defects: those that were broken; the first ones in words.
        latencies_ms: of requests that were answered with 2xx, by method.
    """

    acknowledged: list[Acknowledged] = field(default_factory=list[Acknowledged])
    unanswered: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    checks: int = 0
    defects: list[str] = field(default_factory=list[str])
    latencies_ms: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, response: httpx.Response) -> None:
        """Count an answer; one that no request here may get is a defect."""
        method, status = response.request.method, response.status_code
        is_ended = status == 500 and response.headers.get("content-type") != PROBLEM_TYPE
        with self._lock:
            self.answers[f"{method} {status}{' gateway' if is_ended else ''}"] += 1
            if response.is_success:
                self.latencies_ms.setdefault(method, []).append(response.elapsed.total_seconds() * 1000)
        if status not in ALLOWED and not is_ended:
            self.defect(f"{method} {response.request.url} was answered with {status}: {response.text[:200]}")

    def lost(self, method: str) -> None:
        """Count an answer that never came."""
        with self._lock:
            self.answers[f"{method} no answer"] += 1

    def acknowledge(self, insert: Acknowledged) -> None:
        """Note an insert that was answered with 201 or 202."""
        with self._lock:
            self.acknowledged.append(insert)

    def give_up(self) -> None:
        """Note an insert that was never answered."""
        with self._lock:
            self.unanswered += 1

    def check(self, is_kept: bool, otherwise: str) -> None:
        """Count a promise that was looked at; one that was broken is a defect."""
        with self._lock:
            self.checks += 1
        if not is_kept:
            self.defect(otherwise)

    def defect(self, text: str) -> None:
        """Note something that must never happen."""
        with self._lock:
            self.defects.append(text)
