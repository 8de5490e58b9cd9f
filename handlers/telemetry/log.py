"""The functions' own lines in the log: one of JSON for a request, a batch or a task, and the metrics in it.

CloudWatch takes metrics from a line itself, so that nothing is sent and no request waits for it. Lambda heeds the level
of a line that has a time beside it.
Sources: CloudWatch user guide, "Specification: Embedded metric format"; Lambda developer guide, "Log and monitor Python
Lambda functions".
"""

from __future__ import annotations

import json
import sys
import time
from itertools import chain, cycle, repeat

from handlers.telemetry.meter import METERS
from handlers.telemetry.metrics import (
    BY_FUNCTION,
    BY_PATH,
    BY_VERSION,
    COLD_STARTS,
    CONFLICTS,
    FUNCTION,
    NAMESPACE,
    PATH,
    RETRIES,
    VERSION,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from handlers.settings import Settings

    Values = Mapping[str, float]

INFO, WARN, ERROR = "INFO", "WARN", "ERROR"
WELL = "ok"  # the outcome of what was done as asked
NONE: Values = {}
COMPACT = (",", ":")


class Log:
    """Writes the lines of one sandbox.

    Of what goes well only a share has a line, evenly spread. Whatever fails has one, and so has the first event of a
    sandbox; where metrics are on, everything has.

    Args:
        settings: the function's name, the share, and whether metrics are on.
        write: takes a line.
        now: the time in seconds since 1970.

    Attributes:
        turns: tells, one after the other, which events that go well have a line.
    """

    __slots__ = (
        "_conflicts",
        "_directives",
        "_has_metrics",
        "_head",
        "_is_first",
        "_now",
        "_retries",
        "_write",
        "turns",
    )

    def __init__(
        self, settings: Settings, write: Callable[[str], object] | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._has_metrics = settings.has_metrics
        self._write = write or print_line
        self._now = now
        names = {FUNCTION: settings.function_name, VERSION: settings.function_version}
        self._head = members_of(names)
        self._is_first = True
        self.turns = chain((True,), repeat(True) if settings.has_metrics else _turns(settings.request_log_percent))
        self._retries, self._conflicts = METERS.retries, METERS.conflicts
        self._directives: dict[tuple[str, ...], str] = {}

    def has_begun(self) -> None:
        """Note that the sandbox has had an event without a line: the next one does not find it cold."""
        self._is_first = False

    def line(self, level: str, members: str, by_path: Values = NONE, by_function: Values = NONE) -> None:
        """Write the line of an event.

        Args:
            members: JSON text, among them `path` where there are metrics by path.
            by_path, by_function: the event's metrics; those that the sandbox counts by itself come with them.
        """
        is_cold, self._is_first = self._is_first, False
        now_ms = int(self._now() * 1000)
        head = f'"timestamp":"{_time_text(now_ms)}","level":"{level}",{self._head}'
        text = f'{{{head},{members},"is_cold":{"true" if is_cold else "false"}'
        if self._has_metrics:
            text += self._metrics(now_ms, by_path, {**by_function, **self._counted(is_cold)})
        self._write(f"{text}}}\n")

    def _counted(self, is_cold: bool) -> dict[str, float]:
        """Return what the sandbox has counted since its last line, without what is 0."""
        retries, self._retries = METERS.retries - self._retries, METERS.retries
        conflicts, self._conflicts = METERS.conflicts - self._conflicts, METERS.conflicts
        counts = {COLD_STARTS: is_cold, RETRIES: retries, CONFLICTS: conflicts}
        return {name: int(count) for name, count in counts.items() if count}

    def _metrics(self, now_ms: int, by_path: Values, by_function: Values) -> str:
        values = {**by_path, **by_function}
        names = tuple(values)
        if not names:
            return ""
        directives = self._directives.get(names)
        if directives is None:
            directives = self._directives[names] = _directives(names)
        targets = "".join([f',"{name}":{value}' for name, value in values.items()])
        return f',"_aws":{{"Timestamp":{now_ms},"CloudWatchMetrics":{directives}}}{targets}'


def _turns(percent: int) -> Iterator[bool]:
    return cycle([(turn + 1) * percent // 100 > turn * percent // 100 for turn in range(100)])


def _directives(names: tuple[str, ...]) -> str:
    """Return which members of a line are metrics, with which dimensions and units, as JSON text."""
    groups = (([FUNCTION, PATH], BY_PATH), ([FUNCTION], BY_FUNCTION), ([FUNCTION, VERSION], BY_VERSION))
    metrics = [
        (dimensions, [{"Name": name, "Unit": units[name]} for name in names if name in units])
        for dimensions, units in groups
    ]
    directives = [
        {"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": told} for dimensions, told in metrics if told
    ]
    return json.dumps(directives, separators=COMPACT)


def members_of(values: Mapping[str, object]) -> str:
    """Return JSON text for the members of a line."""
    return json.dumps(values, separators=COMPACT)[1:-1]


def _time_text(now_ms: int) -> str:
    """Return a moment as text; the type for that of the standard library would be 1 ms of a cold start."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now_ms // 1000))}.{now_ms % 1000:03}Z"


def print_line(line: str) -> None:
    """Write a line to standard output, which Lambda takes to the log as it is."""
    sys.stdout.write(line)
    sys.stdout.flush()
