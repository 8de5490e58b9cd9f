"""An insert's calls on the file system as round trips over NFS, at published latencies: a count, not a measurement.

Looking at what was just opened is no round trip, nor is reading at a file's end; of the other looks the kernel answers
all but one from what it was just told. docs/benchmarking.md says how reads were checked against a real NFS client.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from console.expectations.latencies import latencies

WRITE_MS = 2.7  # Source: "Amazon EFS performance specifications", regional: as low as 2.7 ms
WRITES = ("write", "fsync", "link", "unlink")


class Trips(NamedTuple):
    """Round trips that read, and those that change something."""

    reads: int
    writes: int

    @property
    def typical_ms(self) -> float:
        """Return how long they take one after the other."""
        return self.reads * latencies().figures.efs_round_trip.typical + self.writes * WRITE_MS


FILE_SYNCED = Trips(reads=1, writes=3)  # close; create, write, commit


def trips_of(calls: Sequence[str]) -> Trips:
    """Return the round trips of an insert's calls under EFS_DIR."""
    count = Counter(calls)
    created = sum(1 for call, after in pairwise(calls) if (call, after) == ("open", "write"))
    read_files = count["open"] - created
    looks = 1 if count["lstat"] + count["stat"] else 0
    reads = count["scandir"] + read_files + (count["readv"] - read_files) + count["close"] + looks
    return Trips(reads, created + sum(count[name] for name in WRITES))
