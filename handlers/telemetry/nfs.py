"""The NFS client's own counters of the mount that EFS is reached by: every operation, SQLite's page reads included.

Source: /proc/self/mountstats, "statvers=1.1" (Linux, fs/nfs/super.c and net/sunrpc/stats.c). They are the kernel's, so
exact for the sandbox. Reading them costs as much as a small query. But an operation over the network makes the thread
that asks for it wait, and how often it waited costs next to nothing to know: a request in which it never did, and
which did nothing on EFS by itself, has used nothing. One reading serves as the end of a request and the beginning of
the next.
"""

from __future__ import annotations

import os

from handlers.telemetry.meter import METERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.telemetry.meter import EfsUse

MOUNTSTATS = "/proc/self/mountstats"
CHUNK_BYTES = 65536
SERVER_READ_BYTES = 4  # place in the line "bytes:": data that came from the server, not from the cache
# Data, and the upkeep of connection and session; every other operation is about a name, a file's state or attributes.
NO_METADATA = frozenset(
    b"NULL READ WRITE COMMIT EXCHANGE_ID CREATE_SESSION DESTROY_SESSION DESTROY_CLIENTID BIND_CONN_TO_SESSION SEQUENCE "
    b"GET_LEASE_TIME RECLAIM_COMPLETE RENEW SETCLIENTID SETCLIENTID_CONFIRM TEST_STATEID FREE_STATEID".split()
)


class NfsMeter:
    """The meter of what the NFS client has done since a request began.

    Args:
        file: /proc/self/mountstats, open.
        mount: the mount's path, as that file spells it.
        waits: how often this thread has waited for something so far.
    """

    def __init__(self, file: int, mount: bytes, waits: Callable[[], int]) -> None:
        self._file = file
        self._mount = mount
        self._waits = waits
        self._before: EfsUse = (0, 0, 0)
        self._calls_seen: EfsUse | None = None  # what had been done on EFS when `_before` was read; None: not known
        self._calls_before: EfsUse = (0, 0, 0)
        self._waits_before = 0

    def begin(self) -> None:
        """Note that a request begins."""
        if self._calls_seen != METERS.efs:  # no receipt was made of what happened since
            self._before = totals(read_all(self._file), self._mount)
        self._calls_seen = None
        self._calls_before = METERS.efs
        self._waits_before = self._waits()

    def used(self) -> EfsUse:
        """Return what the request has used; it is over."""
        before = self._before
        if self._waits() != self._waits_before or METERS.efs != self._calls_before:
            self._before = totals(read_all(self._file), self._mount)
        self._calls_seen = METERS.efs
        operations, reads, size_bytes = self._before
        return operations - before[0], reads - before[1], size_bytes - before[2]


def nfs_meter(folder: str) -> NfsMeter | None:
    """Return the meter of the NFS mount that holds a folder; None where it lies on something else."""
    try:
        file = os.open(MOUNTSTATS, os.O_RDONLY)
    except OSError:  # not Linux, or not shown
        return None
    mount = mount_of(read_all(file), os.fsencode(os.path.realpath(folder)))
    if mount is None:
        os.close(file)
        return None
    from resource import RUSAGE_THREAD, getrusage  # noqa: PLC0415 - only where there is NFS

    return NfsMeter(file, mount, lambda: getrusage(RUSAGE_THREAD).ru_nvcsw)


def read_all(file: int) -> bytes:
    """Read the whole text, made anew by the kernel."""
    text = b""
    while part := os.pread(file, CHUNK_BYTES, len(text)):
        text += part
    return text


def mount_of(stats: bytes, path: bytes) -> bytes | None:
    """Return the path of the NFS mount that holds `path`; None where another kind of file system does."""
    found, kind_found = b"", b""
    for line in stats.splitlines():  # no regular expression: compiling one costs 0.2 ms of a cold start
        mount, is_mount, kind = line.partition(b" mounted on ")[2].partition(b" with fstype ")
        if is_mount and (path + b"/").startswith(mount.rstrip(b"/") + b"/") and len(mount) >= len(found):
            found, kind_found = mount, kind.split()[0]
    return found if kind_found in (b"nfs", b"nfs4") else None


def totals(stats: bytes, mount: bytes) -> EfsUse:
    """Return what was done on a mount since it was mounted."""
    record = stats.rpartition(b" mounted on %s with fstype nfs" % mount)[2].partition(b"\ndevice ")[0]
    head, _, operations = record.partition(b"per-op statistics")
    counts: dict[bytes, int] = {}
    for line in operations.splitlines()[1:]:
        name, _, numbers = line.strip().partition(b": ")
        if numbers:
            counts[name] = int(numbers.partition(b" ")[0])
    metadata = sum(count for name, count in counts.items() if name not in NO_METADATA)
    size_bytes = head.partition(b"bytes:")[2].split(None, SERVER_READ_BYTES + 1)[SERVER_READ_BYTES]
    return metadata, counts.get(b"READ", 0), int(size_bytes)
