"""A request's receipt: what it consumed, as the body's member `consumed` and as the header `Consumed`.

It is the difference of two readings of the sandbox's meters. What a request that failed has used is on no receipt, and
on no later one either. docs/architecture.md says what each number means and what it cannot see.
"""

from __future__ import annotations

import math
import time

from handlers.telemetry.meter import METERS, CallMeter
from handlers.telemetry.nfs import nfs_meter

TYPE_CHECKING = False  # the typing module would cost 1.3 ms of a cold start
if TYPE_CHECKING:
    from handlers.telemetry.meter import EfsMeter

    # Read units (None: not known), metadata operations, data reads and bytes on EFS, bytes copied.
    Use = tuple[float | None, int, int, int, int]

# Source: "Amazon EFS performance specifications", metering: what an operation counts as at least.
METERED_READ_BYTES = 32 * 1024
METERED_METADATA_BYTES = 4 * 1024
PLACES = 3  # RFC 8941 allows no more


class Receipts:
    """Makes each request's receipt. `init_ms`, CPU time until this was made, is on the first one only.

    Args:
        efs_dir: where the file system is mounted, already.
    """

    def __init__(self, efs_dir: str) -> None:
        self._efs: EfsMeter = nfs_meter(efs_dir) or CallMeter()
        self._begun: tuple[float, int, int] = (0.0, 0, 0)
        self._shown: Use | None = None
        self._texts = ("", "")
        self._init_ms: float | None = round(time.process_time() * 1000, PLACES)

    def begin(self) -> None:
        """A request begins."""
        self._begun = (METERS.read_units, METERS.unmetered_reads, METERS.copied_bytes)
        self._efs.begin()

    def end(self, total_ms: float) -> tuple[str, str]:
        """The request's receipt.

        Args:
            total_ms: the time that it took.

        Returns:
            The member's JSON text and the header's value (an RFC 8941 dictionary; what is null is left out).
        """
        use = self._use()
        if use != self._shown:  # most requests use just what the one before them did
            self._shown, self._texts = use, texts_of(use, self._efs.counted_by)
        member, header = self._texts
        billed_ms = math.ceil(total_ms)
        init_ms, self._init_ms = self._init_ms, None
        if init_ms is None:
            return f'{member}{billed_ms},"init_ms":null}}', f"{header}{billed_ms}"
        return f'{member}{billed_ms},"init_ms":{init_ms}}}', f"{header}{billed_ms}, init-ms={init_ms}"

    def _use(self) -> Use:
        units, unmetered, copied_bytes = self._begun
        is_known = METERS.unmetered_reads == unmetered
        read_units = round(METERS.read_units - units, PLACES) if is_known else None
        return (read_units, *self._efs.used(), METERS.copied_bytes - copied_bytes)


def texts_of(use: Use, counted_by: str) -> tuple[str, str]:
    """Member and header up to the value of `billed_ms`."""
    read_units, operations, reads, size_bytes, copied_bytes = use
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
