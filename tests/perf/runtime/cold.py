"""Cold starts: from the start of a process to its first answer, in time and in work of the processor."""

from __future__ import annotations

import time

from tests.perf.runtime.asking import NEWEST, event_of
from tests.perf.runtime.data import Versions
from tests.perf.runtime.paired import Paired, turns
from tests.perf.runtime.warm import SUBJECTS
from tests.perf.sandboxes.subjects import PLAIN, Subjects

CPU, WALL = "cold start, CPU", "cold start, time"


def measure_cold(subjects: Subjects, versions: Versions, rounds: int) -> dict[str, Paired]:
    """Measure each subject's start until it has answered, in ms; the first round is left out."""
    results = {CPU: Paired(PLAIN), WALL: Paired(PLAIN)}
    for number in range(-1, rounds):
        for subject in turns(SUBJECTS, number):
            spent_ms, cpu_ms = _start(subjects, versions, subject)
            if number >= 0:
                results[CPU].add(subject, [cpu_ms])
                results[WALL].add(subject, [spent_ms])
    return results


def _start(subjects: Subjects, versions: Versions, subject: str) -> tuple[float, float]:
    environ = versions.environ(subject, subjects.new_disk())
    asked = event_of(NEWEST, versions.count)
    start_s = time.perf_counter()
    sandbox = subjects.start(subject, environ)
    try:
        sandbox.start()
        answer = sandbox.ask(asked)
        spent_ms = (time.perf_counter() - start_s) * 1000
    finally:
        cpu_ms = sandbox.close()
    if answer["statusCode"] != 200:
        raise RuntimeError(f"{subject}: {answer}")
    return spent_ms, cpu_ms
