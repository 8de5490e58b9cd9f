"""Warm requests: all subjects alive at once, taking turns in blocks."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping

from tests.perf.runtime.asking import REQUESTS, event_of, events_of, prove
from tests.perf.runtime.data import Versions
from tests.perf.runtime.paired import Paired, turns
from tests.perf.sandboxes.sandbox import Sandbox
from tests.perf.sandboxes.subjects import NOOP, OURS, PLAIN, WITHOUT, Subjects

BLOCKS = 4  # of each subject, request and round
BLOCK = 20  # requests
WARM_UP = 30

SUBJECTS = (NOOP, PLAIN, OURS, WITHOUT)


@contextlib.contextmanager
def alive(subjects: Subjects, environs: Mapping[str, tuple[str, Mapping[str, str]]]) -> Generator[dict[str, Sandbox]]:
    """Start a sandbox for each name; given as name -> subject and its environment."""
    with contextlib.ExitStack() as closing:
        started: dict[str, Sandbox] = {}
        for name, (subject, environ) in environs.items():
            started[name] = subjects.start(subject, environ)
            closing.callback(started[name].close)
        for sandbox in started.values():
            sandbox.start()
        yield started


def measure_warm(subjects: Subjects, versions: Versions, rounds: int) -> tuple[dict[str, Paired], dict[str, float]]:
    """Measure every request. Returns the times in µs, and the most memory that each subject has held, in MiB."""
    results = {name: Paired(PLAIN) for name in REQUESTS}
    peaks_mib: dict[str, float] = dict.fromkeys(SUBJECTS, 0.0)
    for number in range(rounds):
        environs = {name: (name, versions.environ(name, subjects.new_disk())) for name in SUBJECTS}
        with alive(subjects, environs) as sandboxes:
            for name, result in results.items():
                _take_turns(sandboxes, name, versions.count, number, result)
            peaks_mib = {name: max(peaks_mib[name], sandbox.peak_mib()) for name, sandbox in sandboxes.items()}
    return results, peaks_mib


def _take_turns(sandboxes: Mapping[str, Sandbox], name: str, count: int, number: int, result: Paired) -> None:
    for subject, sandbox in sandboxes.items():
        prove(name, subject, sandbox, event_of(name, count), count)
        _block(sandbox, events_of(name, count, WARM_UP))
    asked = events_of(name, count, BLOCK)
    for block in range(BLOCKS):
        for subject in turns(list(sandboxes), number + block):
            result.add(subject, _block(sandboxes[subject], asked))


def _block(sandbox: Sandbox, asked: list[bytes]) -> list[float]:
    return [sandbox.invoke(event)[0] for event in asked]
