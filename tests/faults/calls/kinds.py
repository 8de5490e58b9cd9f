"""The kinds of faults: which make sense for which call."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

from tests.faults.calls.outside import Call, Run
from tests.support.meddling import cancel, client_error, lose_answer, lose_request, refuse, timeout

Kind = Callable[[Run], Any]


def error(code: int) -> Kind:
    """The call fails with this errno; a write has written half by then, a close has closed."""

    def fail(run: Run) -> Any:
        run.begin()
        raise OSError(code, os.strerror(code))

    return fail


def database(code: int) -> Kind:
    """SQLite fails with this code."""

    def fail(_run: Run) -> Any:
        failed = sqlite3.OperationalError(f"SQLite's code {code}, as told")
        failed.sqlite_errorcode = code
        raise failed

    return fail


def unknown(run: Run) -> Any:
    """The call is carried out, and fails all the same: its answer got lost."""
    run()
    raise OSError(errno.EIO, os.strerror(errno.EIO))


class Late:
    """Calls that are carried out long after their caller gave up: once `land` is called."""

    def __init__(self) -> None:
        self._waiting: list[Run] = []

    def __call__(self, run: Run) -> Any:
        self._waiting.append(run)
        raise timeout()

    def land(self) -> None:
        while self._waiting:
            try:
                self._waiting.pop(0)()
            except Exception as error:  # noqa: BLE001 - nobody hears it
                assert "ConditionalCheckFailed" in str(error) or "TransactionCanceled" in str(error), error


def killed_midway(run: Run) -> Any:
    """The process dies in the call: of a write half is done."""
    run.begin()
    os.kill(os.getpid(), signal.SIGKILL)


def killed_after(run: Run) -> Any:
    """The process dies right after the call, whatever came of it."""
    try:
        run()
    finally:
        os.kill(os.getpid(), signal.SIGKILL)


LATE, LATER = Late(), Late()  # before the client tries again, and after
KINDS: dict[str, Kind] = {
    **{name: error(getattr(errno, name)) for name in ("EIO", "ESTALE", "EACCES", "ENOENT", "ENOSPC", "EROFS")},
    "no answer": unknown,
    "SQLITE_IOERR": database(sqlite3.SQLITE_IOERR),
    "SQLITE_CANTOPEN": database(sqlite3.SQLITE_CANTOPEN),
    "SQLITE_FULL": database(sqlite3.SQLITE_FULL),
    "SQLITE_READONLY": database(sqlite3.SQLITE_READONLY),
    "throttled": refuse(client_error("ThrottlingException")),
    "over capacity": refuse(client_error("ProvisionedThroughputExceededException")),
    "500": refuse(client_error("InternalServerError", 500)),
    "denied": refuse(client_error("AccessDeniedException")),
    "no connection": refuse(EndpointConnectionError(endpoint_url="http://ledger")),
    "connection lost": refuse(ConnectionClosedError(endpoint_url="http://ledger")),
    "request lost": lose_request,
    "answer lost": lose_answer,
    "conflict": cancel("TransactionConflict", "None"),
    "late": LATE,
    "later": LATER,
    "killed midway": killed_midway,
    "killed after it": killed_after,
}


READING = "EIO ESTALE"
LOOKING = "EIO ESTALE EACCES"
CHANGING = "EIO ESTALE EACCES EROFS"
MAKING = "EIO ESTALE EACCES EROFS ENOSPC"
ASKING = "throttled/over capacity/500/denied/no connection/connection lost/request lost/answer lost"

# One home a column: by call, what is tried.
EFS = {
    **dict.fromkeys(("scandir", "listdir", "stat", "statvfs"), LOOKING),
    **dict.fromkeys(("open", "lstat"), LOOKING + " ENOENT"),
    **dict.fromkeys(("readdir", "fstat", "readv", "pread"), READING),
    **dict.fromkeys(("write", "fsync", "close"), READING + " ENOSPC"),
    "create": MAKING,
    **dict.fromkeys(("mkdir", "link"), MAKING + "/no answer"),
    **dict.fromkeys(("unlink", "rename"), CHANGING + "/no answer"),
    "connect": "SQLITE_CANTOPEN",
    **dict.fromkeys(("execute", "select"), "SQLITE_IOERR"),
}
TMP = {
    **dict.fromkeys(("scandir", "listdir", "stat", "statvfs", "lstat", "open"), "EIO"),
    **dict.fromkeys(("readdir", "fstat", "readv", "pread"), "EIO"),
    **dict.fromkeys(("write", "close"), "EIO ENOSPC"),
    **dict.fromkeys(("create", "mkdir"), "EIO ENOSPC EROFS"),
    "unlink": "EIO EROFS/no answer",
    "connect": "SQLITE_CANTOPEN SQLITE_IOERR",
    "execute": "SQLITE_IOERR SQLITE_FULL SQLITE_READONLY",
    "select": "SQLITE_IOERR SQLITE_FULL",
}
TABLE = {
    **dict.fromkeys(("get_item", "query"), ASKING),
    "put_item": ASKING + "/late/later",
    "transact_write_items": ASKING + "/conflict/late/later",
}
HOMES = {"efs": EFS, "tmp": TMP, "table": TABLE}
# From the call on, every other one to its home fails as well: by the first of these kinds that makes sense for it.
FOR_GOOD = {
    "efs": {
        "away": ("EIO", "SQLITE_CANTOPEN", "SQLITE_IOERR"),
        "full": ("ENOSPC",),
        "read-only": ("EROFS",),
    },
    "tmp": {"broken": ("EIO", "SQLITE_CANTOPEN", "SQLITE_IOERR"), "full": ("ENOSPC", "SQLITE_FULL")},
    "table": {
        "throttles": ("throttled",),
        "cut off": ("request lost",),
        "deaf": ("answer lost",),
        "late": ("late", "request lost"),
        "later": ("later", "request lost"),
    },
}
CHANGES = frozenset(
    {"create", "write", "fsync", "mkdir", "link", "unlink", "rename", "put_item", "transact_write_items"}
)
PASSING = frozenset(ASKING.split("/")) - {"denied"} | {
    "conflict",
    "late",
    "later",
}  # at the table, where it happens once


def kinds_of(call: Call) -> list[str]:
    """Return the kinds that make sense for a call."""
    return [
        kind for part in HOMES[call.home][call.name].split("/") for kind in ([part] if part in KINDS else part.split())
    ]


@dataclass
class Fault:
    """A fault that strikes one call, or all to its home from that one on.

    Attributes:
        call: which.
        name: the kind, or the name of those that go on.
    """

    call: Call
    name: str
    goes_on: bool = False
    has_struck: bool = False

    def __call__(self, call: Call) -> Kind | None:
        """Return what happens to a call; None: nothing."""
        if call == self.call:
            self.has_struck = True
        elif not (self.has_struck and self.goes_on and call.home == self.call.home):
            return None
        if not self.goes_on:
            return KINDS[self.name]
        kinds = FOR_GOOD[self.call.home][self.name]
        return next((KINDS[kind] for kind in kinds if kind in kinds_of(call)), None)

    def __str__(self) -> str:
        return f"{self.name}{' from here on' if self.goes_on else ''} at {self.call}"


def faults_of(calls: Iterable[Call]) -> Iterator[Fault]:
    """Yield the table: at the first call from a site every kind, once, and from there on.

    At the later ones from the same site it is one after the other of these.
    """
    for call in calls:
        kinds = kinds_of(call)
        going_on = [name for name, those in FOR_GOOD[call.home].items() if not set(those).isdisjoint(kinds)]
        faults = [Fault(call, kind) for kind in kinds] + [Fault(call, name, goes_on=True) for name in going_on]
        yield from faults if call.number == 1 else faults[-(call.number % len(faults)) :][:1]


def deaths_of(calls: Iterable[Call]) -> Iterator[Fault]:
    """Yield the deaths: after each call that changes something, since between two of them it is all the same, and in
    the middle of each write. SQLite's statements all go to one file that nobody else sees: the first of a site will do.
    """
    for call in calls:
        if call.name == "write":
            yield Fault(call, "killed midway")
        if call.name in CHANGES or (call.name in ("connect", "execute") and call.home == "tmp" and call.number == 1):
            yield Fault(call, "killed after it")
