"""A job: work that outlives a request. It is told as a value, and every change makes another.

States: `waiting` (for its file, or its turn), `running`, and three that end it: `succeeded`, `failed`, `cancelled`. A
failed job may be redriven: it waits again, and goes on from where it was.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    pass

IMPORT, REBUILD = KINDS = ("import", "rebuild")
WAITING, RUNNING, SUCCEEDED, FAILED, CANCELLED = STATES = ("waiting", "running", "succeeded", "failed", "cancelled")
ENDED = (SUCCEEDED, FAILED, CANCELLED)
# Orders, which the worker finds in the table's stream: nothing inside the network can call a queue or a state machine.
START, RESUME = ORDERS = ("start", "resume")
BETWEEN_TURNS_S = 30.0  # at most; of a job that is quiet for longer nobody knows when it will be over
KEEP_S = 30 * 24 * 3600
LONGEST_LEASE_S = 2 * 3600.0  # a lease further away than any can be comes from a clock that went wrong: it binds nobody
MOST_BYTES = 5 * 1024**3  # of a file: S3 takes no more at once
MOST_NAME_CHARACTERS = 200
MOST_REJECTS = 100
MOST_ERROR_CHARACTERS = 500
UPLOAD, CHECKSUM, CHECK, APPEND = IMPORT_PHASES = ("upload", "checksum", "check", "append")
PLAN, BUILD, VERIFY = REBUILD_PHASES = ("plan", "build", "verify")


class Reject(NamedTuple):
    """A row of a file that was refused: the line in which it begins, and every reason."""

    line: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the table keeps it. Times are in seconds since 1970; 0 is none yet.

    Attributes:
        id: a ULID.
        order: what the worker is to do, one of `ORDERS`; "" for nothing.
        phase: the step it is in, one of its kind's.
        saved_s: when it was saved last.
        turn: the number of its messages so far; a message of an earlier turn is a late double.
        lease_end_s: until when somebody works on it.
        attempts: how often somebody began to.
        stalled: how often since it last came forward.
        size_bytes, done_bytes: of the file; of the phase at hand, and up to the end of a row.
        line, chunk: the lines read in this phase, and the batches appended.
        version: of the object, which is read and no other.
        columns: the names in the file's first line.
        epoch: of the ledger that the rows go to; 0: not known yet.
        rows: how many there are to do; None until that is known.
        rejects: the first `MOST_REJECTS` of those refused.
        at: where it stands, in words a client may show: a bookmark that is reached, or aimed at.
        error: what went wrong, and where.
        revision: how often it has been saved.
    """

    id: str
    kind: str
    created_s: float
    state: str = WAITING
    name: str = ""
    order: str = ""
    phase: str = ""
    phase_began_s: float = 0.0
    started_s: float = 0.0
    ended_s: float = 0.0
    saved_s: float = 0.0
    turn: int = 0
    lease_end_s: float = 0.0
    attempts: int = 0
    stalled: int = 0
    format: str = ""
    size_bytes: int = 0
    done_bytes: int = 0
    sha256: str = ""
    max_rejects: int | None = None
    upload_end_s: float = 0.0
    version: str = ""
    columns: tuple[str, ...] = ()
    epoch: int = 0
    line: int = 0
    chunk: int = 0
    rows: int | None = None
    rows_done: int = 0
    rows_rejected: int = 0
    rejects: tuple[Reject, ...] = ()
    bookmark: str = ""
    error: str = ""
    revision: int = 0

    @property
    def has_ended(self) -> bool:
        """Tell whether nothing is done for it any more."""
        return self.state in ENDED

    def is_same_attempt(self, other: Job) -> bool:
        """Tell whether it is still as that attempt left it: not ended, and nobody else's since."""
        return not self.has_ended and (self.turn, self.attempts) == (other.turn, other.attempts)

    def lease_left_s(self, now_s: float) -> float:
        """Return for how long somebody works on it; 0 where nobody does."""
        left_s = self.lease_end_s - now_s
        return left_s if 0 < left_s <= LONGEST_LEASE_S else 0.0

    @property
    def expires_s(self) -> int:
        """Return when the table forgets it."""
        return int(self.created_s) + KEEP_S

    def ended(self, state: str, now_s: float, error: str = "") -> Job:
        """Return it with its end."""
        return replace(self, state=state, order="", ended_s=now_s, lease_end_s=0.0, error=error[:MOST_ERROR_CHARACTERS])

    def redriven(self, order: str) -> Job:
        """Return it as it waits again. Its phase begins anew; what is appended already is recognised by its keys."""
        again = replace(self, state=WAITING, order=order, error="", ended_s=0.0, turn=self.turn + 1, stalled=0, epoch=0)
        again = replace(again, phase_began_s=0.0, done_bytes=0, line=0, chunk=0, rows_done=0)
        return again if self.phase == APPEND else replace(again, rows=None, rows_rejected=0, rejects=())

    def in_phase(self, phase: str, now_s: float) -> Job:
        """Return it at the beginning of a phase."""
        return replace(self, phase=phase, phase_began_s=now_s, done_bytes=0, line=0)

    def to_texts(self) -> tuple[str, str]:
        """Return it as JSON, without the rows that were refused, and those."""
        members = asdict(self)
        del members["revision"]
        return json.dumps(members | {"rejects": None}), json.dumps(self.rejects)

    @classmethod
    def from_texts(cls, text: str, rejects: str, revision: int) -> Job:
        """Return what `to_texts` wrote."""
        members: dict[str, Any] = json.loads(text)
        members["rejects"] = tuple(Reject(line, tuple(reasons)) for line, reasons in json.loads(rejects))
        members["columns"] = tuple(members["columns"])
        return cls(**members, revision=revision)

    def summary(self, now_s: float) -> dict[str, object]:
        """Return it as a list of jobs shows it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "name": self.name or None,
            "phase": self.phase or None,
            "created_at": utc_text(self.created_s),
            "started_at": _time(self.started_s),
            "ended_at": _time(self.ended_s),
            "attempts": self.attempts,
            **self._progress(now_s),
            "bookmark": self.bookmark or None,
            "error": self.error or None,
        }

    def answer(self, now_s: float) -> dict[str, object]:
        """Return it as it is shown alone."""
        shown: dict[str, object] = self.summary(now_s)
        if self.kind == IMPORT:
            shown |= {
                "format": self.format,
                "sha256": self.sha256 or None,
                "max_rejects": self.max_rejects,
                "rejects": [{"line": line, "reasons": [*reasons]} for line, reasons in self.rejects],
            }
        return shown

    def _progress(self, now_s: float) -> dict[str, object]:
        """Return how far it is; the rate is of the phase at hand, or the last."""
        shown: dict[str, object] = {"rows": self.rows, "rows_done": self.rows_done}
        if self.kind == IMPORT:
            shown |= {"rows_rejected": self.rows_rejected, "bytes": self.size_bytes, "bytes_done": self.done_bytes}
        passed_s = (self.ended_s or now_s) - self.phase_began_s
        done, total = (self.done_bytes, self.size_bytes) if self.kind == IMPORT else (self.rows_done, self.rows or 0)
        is_at_work = self.lease_left_s(now_s) > 0 or now_s - self.saved_s < BETWEEN_TURNS_S
        if not (self.phase_began_s > 0 and passed_s > 0 and done > 0 and (self.has_ended or is_at_work)):
            return shown | {"rows_per_s": None, "eta_s": None}
        left_s = max(0.0, (total - done) * passed_s / done)
        return {
            **shown,
            "rows_per_s": round(self.rows_done / passed_s, 1) if self.rows_done else None,
            "eta_s": None if self.has_ended else round(left_s),
        }


def _time(seconds: float) -> str | None:
    return utc_text(seconds) if seconds else None
