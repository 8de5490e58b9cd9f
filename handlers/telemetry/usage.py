"""The use of one request: its phases, its copies, and how far the sandbox's meters went meanwhile.

A request has one `Usage`, which is handed down to whatever spends time or copies. The answer tells it twice: as
`timings_ms` (header Server-Timing) and as the receipt `consumed` (header Consumed). docs/architecture.md says what each
number of a receipt means and what it cannot see.
"""

from __future__ import annotations

import time

from handlers.telemetry.meter import METERS
from handlers.telemetry.metrics import COPIED_BYTES, EFS_BYTES, READ_UNITS
from handlers.telemetry.nfs import nfs_meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.domain.lag import Lag

    # Read units (None: not known), metadata operations, data reads and bytes on EFS, bytes copied.
    Amounts = tuple[float | None, int, int, int, int]

# Source: "Amazon EFS performance specifications", metering: what an operation counts as at least.
METERED_READ_BYTES = 32 * 1024
METERED_METADATA_BYTES = 4 * 1024
PLACES = 3  # RFC 8941 allows no more
RECEIPT_MEMBERS = (
    *("read_units", "efs_metadata_operations", "efs_reads", "efs_bytes", "efs_metered_bytes", "efs_counted_by"),
    *("copied_bytes", "billed_ms", "init_ms"),
)


class Usage:
    """The use of one request until now.

    Args:
        clock: gives the time in nanoseconds.

    Attributes:
        phases_ns: nanoseconds by phase; a phase that happens twice is added up.
        copy: of `sqlite-tmp`: bytes copied, milliseconds, how many bytes remain to be copied; None where it is at rest.
        lag: of the newest snapshot, where a read has learned it; None: it is not known.
        began: the meters' readings when the request began: read units, unmetered reads, EFS, bytes copied.
    """

    __slots__ = ("_clock", "_last_ns", "_start_ns", "began", "copy", "lag", "phases_ns")

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        self._clock = clock
        self._start_ns = self._last_ns = clock()
        self.phases_ns: dict[str, int] = {}
        self.copy: dict[str, float] | None = None
        self.lag: Lag | None = None
        self.began = (METERS.read_units, METERS.unmetered_reads, METERS.efs, METERS.copied_bytes)

    def lap(self, phase: str) -> int:
        """Give the time since the last lap (or the start) to `phase`. Returns it in nanoseconds."""
        now_ns = self._clock()
        spent_ns = now_ns - self._last_ns
        self._last_ns = now_ns
        self.phases_ns[phase] = self.phases_ns.get(phase, 0) + spent_ns
        return spent_ns

    def copied(self, size_bytes: int) -> None:
        """Note a copy that took the time since the last lap."""
        METERS.copy(size_bytes)
        before = self.copy or {"bytes": 0, "ms": 0.0}
        spent_ms = round(before["ms"] + self.lap("copy") / 1_000_000, PLACES)
        self.copy = {"bytes": before["bytes"] + size_bytes, "ms": spent_ms}

    def timings(self) -> Timings:
        """Return the phases and, last, the total until now."""
        phases_ns = (*self.phases_ns.items(), ("total", self._clock() - self._start_ns))
        return Timings([(phase, (spent_ns + 500) // 1000) for phase, spent_ns in phases_ns])


class Timings:
    """The times of a request, as its answer tells them: each is rendered once, for body and header.

    Attributes:
        all_us: phases with microseconds, the total last.
        member: the JSON object `timings_ms`.
        header: Server-Timing. Source: W3C Server Timing, section 3.1.
    """

    __slots__ = ("all_us", "header", "member")

    def __init__(self, all_us: list[tuple[str, int]]) -> None:
        self.all_us = all_us
        texts = [(phase, f"{us // 1000}.{us % 1000:03}") for phase, us in all_us]
        self.member = "{" + ", ".join([f'"{phase}": {text}' for phase, text in texts]) + "}"
        self.header = ", ".join([f"{phase};dur={text}" for phase, text in texts])

    def all_ms(self) -> dict[str, float]:
        """Return the same in milliseconds, for an answer that is made by json.dumps."""
        return {phase: us / 1000 for phase, us in self.all_us}

    def billed_ms(self) -> int:
        """Return the total as Lambda bills it."""
        return -(-self.all_us[-1][1] // 1000)


class Receipts:
    """Makes each request's receipt. `init_ms`, CPU time until this was made, is on the first one only.

    Args:
        efs_dir: where the file system is mounted, already.

    Attributes:
        used: the metrics of the last receipt, without what is 0.
    """

    def __init__(self, efs_dir: str) -> None:
        self._nfs = nfs_meter(efs_dir)
        self._shown: Amounts | None = None
        self._texts = ("", "")
        self.used: dict[str, float] = {}
        self._init_ms: float | None = round(time.process_time() * 1000, PLACES)

    def begin(self) -> Usage:
        """Begin a request."""
        usage = Usage()
        if self._nfs is not None:
            self._nfs.begin()
        return usage

    def end(self, usage: Usage, billed_ms: int) -> tuple[str, str]:
        """Return the receipt of a request that is billed so much.

        Returns:
            The member's JSON text and the header's value (an RFC 8941 dictionary; what is null is left out).
        """
        amounts = self._amounts(usage)
        if amounts != self._shown:  # most requests use just what the one before them did
            self._shown, self._texts = amounts, receipt_texts(amounts, "nfs" if self._nfs else "calls")
            self.used = metrics_of(amounts)
        member, header = self._texts
        init_ms, self._init_ms = self._init_ms, None
        if init_ms is None:
            return f'{member}{billed_ms},"init_ms":null}}', f"{header}{billed_ms}"
        return f'{member}{billed_ms},"init_ms":{init_ms}}}', f"{header}{billed_ms}, init-ms={init_ms}"

    def _amounts(self, usage: Usage) -> Amounts:
        units, unmetered, before, copied_bytes = usage.began
        read_units = round(METERS.read_units - units, PLACES) if METERS.unmetered_reads == unmetered else None
        if self._nfs is None:
            now = METERS.efs
            operations, reads, size_bytes = now[0] - before[0], now[1] - before[1], now[2] - before[2]
        else:
            operations, reads, size_bytes = self._nfs.used()
        return read_units, operations, reads, size_bytes, METERS.copied_bytes - copied_bytes


def metered_bytes_of(amounts: Amounts) -> int:
    """Return what EFS metered at least: of the single reads' sizes only the sum is known."""
    _, operations, reads, size_bytes, _ = amounts
    return max(size_bytes, reads * METERED_READ_BYTES) + operations * METERED_METADATA_BYTES


def metrics_of(amounts: Amounts) -> dict[str, float]:
    """Return a receipt's metrics, without what is 0 or not known."""
    values = {READ_UNITS: amounts[0], EFS_BYTES: metered_bytes_of(amounts), COPIED_BYTES: amounts[-1]}
    return {name: value for name, value in values.items() if value}


def receipt_texts(amounts: Amounts, counted_by: str) -> tuple[str, str]:
    """Return member and header up to the value of `billed_ms`."""
    read_units, operations, reads, size_bytes, copied_bytes = amounts
    metered_bytes = metered_bytes_of(amounts)
    member = (
        f'{{"read_units":{"null" if read_units is None else read_units},"efs_metadata_operations":{operations},'
        f'"efs_reads":{reads},"efs_bytes":{size_bytes},"efs_metered_bytes":{metered_bytes},'
        f'"efs_counted_by":"{counted_by}","copied_bytes":{copied_bytes},"billed_ms":'
    )
    header = (
        f"{'' if read_units is None else f'read-units={read_units}, '}efs-metadata-operations={operations}, "
        f"efs-reads={reads}, efs-bytes={size_bytes}, efs-metered-bytes={metered_bytes}, "
        f"efs-counted-by={counted_by}, copied-bytes={copied_bytes}, billed-ms="
    )
    return member, header
