"""/proc/self/mountstats as a sandbox shows it: recorded from a Linux NFSv4.1 client, most zero lines left out."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from resource import RUSAGE_THREAD, getrusage

OTHERS = b"""device /dev/root mounted on / with fstype ext4
device proc mounted on /proc with fstype proc
no device mounted on /sys with fstype sysfs
device tmpfs mounted on /mnt with fstype tmpfs
"""
AFTER = b"device tmpfs mounted on /run/later with fstype tmpfs\n"


def record(
    mount: str, metadata: int = 0, reads: int = 0, size_bytes: int = 0, *, upkeep: int = 5, kind: str = "nfs4"
) -> bytes:
    """One NFS mount: metadata operations (none, or 3 and more), data reads, their bytes, the upkeep of the session."""
    looks = max(metadata - 2, 0)
    return f"""device 127.0.0.1:/ mounted on {mount} with fstype {kind} statvers=1.1
\topts:\trw,vers=4.1,rsize=1048576,wsize=1048576,namlen=255,acregmin=3,acregmax=60,hard,noresvport,proto=tcp,port=20050
\tage:\t12
\timpl_id:\tname='',domain='',date='0,0'
\tcaps:\tcaps=0xc003c0bf,wtmult=512,dtsize=1048576,bsize=0,namlen=255
\tnfsv4:\tbm0=0xfdffbfff,bm1=0x40fdbe3e,bm2=0x803,acl=0x3,sessions,pnfs=not configured,lease_time=90,lease_expired=0
\tsec:\tflavor=1,pseudoflavor=1
\tevents:\t31 74 1 2 26 1 123 0 0 387 0 0 52 0 13 0 0 9 0 0 0 0 0 0 0 0 0
\tbytes:\t30417596 11 12 13 {size_bytes} 15 7041 17
\tRPC iostats version: 1.1  p/v: 100003/4 (nfs)
\txprt:\ttcp 0 0 2 0 0 460 460 0 460 0 8 0 0
\tper-op statistics
\t        NULL: 1 1 0 44 24 0 0 0 0
\t        READ: {reads} {reads} 0 67032 {size_bytes + 128 * reads} 1 204 209 0
\t       WRITE: 3 3 0 0 0 0 0 0 0
\t      COMMIT: 2 2 0 0 0 0 0 0 0
\t        OPEN: 0 0 0 0 0 0 0 0 0
\t OPEN_NOATTR: {int(metadata > 0)} 2 0 3392 4048 0 7 7 0
\t       CLOSE: {int(metadata > 0)} 3 0 732 516 0 2 2 0
\t     GETATTR: {looks} {looks} 0 6560 7656 0 20 20 0
\t SERVER_CAPS: 0 3 0 468 504 0 0 0 0
\t EXCHANGE_ID: 2 2 0 440 216 0 17 17 0
\tCREATE_SESSION: 1 1 0 200 124 0 0 0 0
\t    SEQUENCE: {upkeep} {upkeep} 0 0 0 0 0 0 0
\tRECLAIM_COMPLETE: 1 1 0 128 88 0 88 88 0
\t   READ_PLUS: 0 0 0 0 0 0 0 0 0

""".encode()


def wait_for_something() -> None:
    """Put this thread to sleep until another one wakes it; not before the kernel has counted that."""
    before = getrusage(RUSAGE_THREAD).ru_nvcsw
    while getrusage(RUSAGE_THREAD).ru_nvcsw == before:
        reading, writing = os.pipe()
        writer = threading.Thread(target=os.close, args=(writing,))
        writer.start()
        os.read(reading, 1)
        writer.join()
        os.close(reading)


class FakeKernel:
    """A file in place of the kernel's, which the test writes, and a count of how often the thread has waited."""

    def __init__(self, path: Path, mount: str) -> None:
        self.path = path
        self.mount = mount
        self.waited = 0
        self.says(0, 0, 0)

    def says(self, metadata: int, reads: int, size_bytes: int) -> None:
        """So much was done on the mount so far."""
        text = OTHERS + record("/mnt/other", 900, 900, 900) + record(self.mount, metadata, reads, size_bytes) + AFTER
        self.path.write_bytes(text)

    def waits(self) -> int:
        return self.waited
