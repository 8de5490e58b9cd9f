"""The use of one request: its phases, its copies, and how far the sandbox's meters went meanwhile.

A request has one `Usage`, which is handed down to whatever spends time or copies. The answer tells it twice: as
`timings_ms` (header Server-Timing) and as the receipt `consumed` (header Consumed). docs/architecture.md says what each
number of a receipt means and what it cannot see.
"""

from __future__ import annotations

import math
import time

from handlers.telemetry.meter import METERS
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

    Attributes:
        phases_ms: milliseconds by phase; a phase that happens twice is added up.
        copy: of `sqlite-tmp`: bytes copied, milliseconds, how many bytes remain to be copied; None where it is at rest.
        lag: of the newest snapshot, where a read has learned it; None: it is not known.
        began: the meters' readings when the request began: read units, unmetered reads, EFS, bytes copied.
    """

    __slots__ = ("_clock", "_last_s", "_start_s", "began", "copy", "lag", "phases_ms")

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._start_s = self._last_s = clock()
        self.phases_ms: dict[str, float] = {}
        self.copy: dict[str, float] | None = None
        self.lag: Lag | None = None
        self.began = (METERS.read_units, METERS.unmetered_reads, METERS.efs, METERS.copied_bytes)

    def lap(self, phase: str) -> float:
        """Give the time since the last lap (or the start) to `phase`. Returns it in milliseconds."""
        now_s = self._clock()
        spent_ms = (now_s - self._last_s) * 1000
        self._last_s = now_s
        self.phases_ms[phase] = self.phases_ms.get(phase, 0.0) + spent_ms
        return spent_ms

    def copied(self, size_bytes: int) -> None:
        """Note a copy that took the time since the last lap."""
        METERS.copy(size_bytes)
        before = self.copy or {"bytes": 0, "ms": 0.0}
        spent_ms = round(before["ms"] + self.lap("copy"), PLACES)
        self.copy = {"bytes": before["bytes"] + size_bytes, "ms": spent_ms}

    def all_ms(self) -> dict[str, float]:
        """Return the phases and, last, the total until now; rounded to microseconds."""
        total_ms = (self._clock() - self._start_s) * 1000
        return {phase: round(spent_ms, 3) for phase, spent_ms in (*self.phases_ms.items(), ("total", total_ms))}


class Receipts:
    """Makes each request's receipt. `init_ms`, CPU time until this was made, is on the first one only.

    Args:
        efs_dir: where the file system is mounted, already.
    """

    def __init__(self, efs_dir: str) -> None:
        self._nfs = nfs_meter(efs_dir)
        self._shown: Amounts | None = None
        self._texts = ("", "")
        self._init_ms: float | None = round(time.process_time() * 1000, PLACES)

    def begin(self) -> Usage:
        """Begin a request."""
        usage = Usage()
        if self._nfs is not None:
            self._nfs.begin()
        return usage

    def end(self, usage: Usage, total_ms: float) -> tuple[str, str]:
        """Return the receipt of a request that took so long.

        Returns:
            The member's JSON text and the header's value (an RFC 8941 dictionary; what is null is left out).
        """
        amounts = self._amounts(usage)
        if amounts != self._shown:  # most requests use just what the one before them did
            self._shown, self._texts = amounts, receipt_texts(amounts, "nfs" if self._nfs else "calls")
        member, header = self._texts
        billed_ms = math.ceil(total_ms)
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


def receipt_texts(amounts: Amounts, counted_by: str) -> tuple[str, str]:
    """Return member and header up to the value of `billed_ms`."""
    read_units, operations, reads, size_bytes, copied_bytes = amounts
    # Of the single reads' sizes only the sum is known: at least this was metered.
    metered_bytes = max(size_bytes, reads * METERED_READ_BYTES) + operations * METERED_METADATA_BYTES
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


def timings_text(all_ms: dict[str, float]) -> str:
    """Return the JSON object's text; written by hand, because json.dumps takes longer than all else here."""
    return "{" + ", ".join([f'"{phase}": {spent_ms}' for phase, spent_ms in all_ms.items()]) + "}"


def server_timing(all_ms: dict[str, float]) -> str:
    """Return the header's value. Source: W3C Server Timing, section 3.1."""
    return ", ".join([f"{phase};dur={spent_ms}" for phase, spent_ms in all_ms.items()])
