"""The sandbox's meters: they only count up, and nobody sets them back.

A sandbox answers one request at a time, so what lies between two readings is what a request used (`usage.py`). On EFS
they count what Python itself does: listings, files opened, bytes read to prove or copy a file. What SQLite reads of a
file by itself they cannot see; the kernel's counters can (`nfs.py`). DynamoDB's units are those that its answers name.
"""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    # Metadata operations, data reads, bytes of data read.
    EfsUse = tuple[int, int, int]


class Meters:
    """Counts what this process has used since it began."""

    __slots__ = ("_lock", "conflicts", "copied_bytes", "efs", "read_units", "retries", "unmetered_reads")

    def __init__(self) -> None:
        self._lock = threading.Lock()  # pages of the ledger are read in several threads
        self.efs: EfsUse = (0, 0, 0)
        self.copied_bytes = 0
        self.read_units = 0.0
        self.unmetered_reads = 0
        self.retries = 0
        self.conflicts = 0

    def efs_metadata_operation(self) -> None:
        """Count a directory that was listed, or a file that was looked at or opened."""
        operations, reads, size_bytes = self.efs
        self.efs = (operations + 1, reads, size_bytes)

    def efs_read(self, size_bytes: int) -> None:
        """Count so many bytes of a file that were read at once."""
        operations, reads, before = self.efs
        self.efs = (operations, reads + 1, before + size_bytes)

    def copy(self, size_bytes: int) -> None:
        """Count so many bytes that were written to the sandbox's own disk."""
        self.copied_bytes += size_bytes

    def dynamodb_read(self, units: float | None) -> None:
        """Count the units that DynamoDB's answer to a read names; None: it names none."""
        with self._lock:
            if units is None:
                self.unmetered_reads += 1
            else:
                self.read_units += units

    def retry(self) -> None:
        """Count a further attempt at a call of DynamoDB."""
        with self._lock:
            self.retries += 1

    def conflict(self) -> None:
        """Count an append that found the head moved by another."""
        self.conflicts += 1


METERS = Meters()
