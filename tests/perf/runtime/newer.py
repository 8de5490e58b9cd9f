"""The first read of a new version: of both SQLite paths, beside the plain handler on a copy that it makes anew.

A version is one row more, as an insert publishes it; for the plain handler it is a whole new file.
"""

from __future__ import annotations

import json
from typing import Any

from tests.perf.runtime.asking import NEWEST, event_of, is_right
from tests.perf.runtime.data import Versions
from tests.perf.runtime.paired import Paired, turns
from tests.perf.runtime.warm import alive
from tests.perf.sandboxes.sandbox import Sandbox
from tests.perf.sandboxes.subjects import OURS, PLAIN, Subjects

VERSIONS = 15  # a round
SOURCES = ("sqlite-efs", "sqlite-tmp")


def measure_newer(subjects: Subjects, versions: Versions, rounds: int) -> Paired:
    """Measure the first read after each of many new versions, in µs."""
    result = Paired(PLAIN)
    for number in range(rounds):
        environs = {PLAIN: (PLAIN, versions.copying_environ(subjects.new_disk()))}
        for source in SOURCES:
            environs[source] = OURS, versions.environ(OURS, subjects.new_disk(), CHECK_INTERVAL_MS="0")
        with alive(subjects, environs) as sandboxes:
            for name, sandbox in sandboxes.items():
                _settle(sandbox, name, versions.count)
            for version in range(VERSIONS):
                versions.add_row()
                for name in turns(list(sandboxes), number + version):
                    result.add(name, [_first_read_us(sandboxes[name], name, versions.count)])
    return result


def _settle(sandbox: Sandbox, name: str, count: int) -> None:
    """Ask until nothing remains to be copied: large segments are copied in steps, one a read."""
    remaining_bytes = 1
    while remaining_bytes:
        content = _content(sandbox.invoke(_asked("statistics", name, count))[1])
        copied = content.get("copy")
        remaining_bytes = copied["remaining_bytes"] if copied else 0
    _first_read_us(sandbox, name, count)


def _first_read_us(sandbox: Sandbox, name: str, count: int) -> float:
    """Return how long a read of the newest rows takes, which has to show the newest one."""
    spent_us, answer = sandbox.invoke(_asked(NEWEST, name, count))
    if not is_right(NEWEST, _content(answer), count):
        raise RuntimeError(f"{name} does not show row {count}: {answer[:500]!r}")
    return spent_us


def _asked(what: str, name: str, count: int) -> bytes:
    return event_of(what, count, name if name in SOURCES else SOURCES[0])


def _content(answer: bytes) -> Any:
    return json.loads(json.loads(answer)["body"])
