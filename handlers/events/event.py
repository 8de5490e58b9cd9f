"""An event: what has happened, as one JSON object that says the same on every way out (docs/notifications.md).

Its id follows from what it tells of. So whoever puts it down twice, or gets it twice, can tell.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from handlers.domain.bookmark import Bookmark
from handlers.domain.hashes import hash_text, short_hash
from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.snapshots.published import Published

VERSION = "1"
TYPES = PUBLISHED, SUCCEEDED, FAILED, DIVERGED = (
    "snapshot.published",
    "job.succeeded",
    "job.failed",
    "ledger.diverged",
)
JOB_MEMBERS = (
    *("id", "kind", "name", "created_at", "started_at", "ended_at", "attempts"),
    *("rows", "rows_done", "rows_rejected", "bookmark", "error"),
)
MOST_FAULT_CHARACTERS = 1000
MOST_SUBJECT_CHARACTERS = 99  # "less than 100", says SNS's reference of Publish


@dataclass(frozen=True, kw_only=True)
class Event:
    """An event.

    Attributes:
        id: what it tells of; the same whenever that is told.
        type: one of `TYPES`.
        at: when it happened, as text.
        table: the ledger's table.
        data: more about it, by its type.
    """

    id: str
    type: str
    at: str
    table: str
    data: Mapping[str, Any]

    def to_text(self) -> str:
        """Return it as JSON."""
        return json.dumps({"version": VERSION, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def from_text(cls, text: str) -> Event:
        """Return what `to_text` wrote. Raises ValueError for anything else."""
        try:
            members: dict[str, Any] = json.loads(text)
            if members.pop("version") != VERSION or members["type"] not in TYPES:
                raise ValueError(text)
            return cls(**members)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(text) from error

    @property
    def attributes(self) -> dict[str, str]:
        """Return what subscriptions can filter by: the type and the table; the epoch and the job's kind, if any."""
        bookmark, kind = self.data.get("bookmark"), self.data.get("kind")
        return {
            "type": self.type,
            "table": self.table,
            **({"epoch": str(Bookmark.parse(bookmark).epoch)} if bookmark else {}),
            **({"kind": kind} if kind else {}),
        }

    @property
    def subject(self) -> str:
        """Return the matter in a line: plain ASCII, as long as an e-mail's subject may be."""
        data = self.data
        if self.type == PUBLISHED:
            matter = f"snapshot {data['bookmark']} published"
        elif self.type == DIVERGED:
            matter = f"diverged: {data['fault']}"
        else:
            name = f" of {data['name']}" if data["name"] else f" {data['id']}"
            matter = f"{data['kind']}{name} {self.type.removeprefix('job.')}"
        plain = re.sub("[^ -~]", "?", f"{self.table}: {matter}")
        return plain[:MOST_SUBJECT_CHARACTERS]


def snapshot_published(table: str, published: Published, now_s: float) -> Event:
    """Return the event of a snapshot that has become visible to readers."""
    bookmark = str(published.bookmark)
    data = {
        "bookmark": bookmark,
        "rows": published.bookmark.seq,
        "bytes": published.size_bytes,
        "segments": len(published.chain),
        "hash": hash_text(published.hash),
        "build": published.build,
    }
    return _event(PUBLISHED, table, bookmark, utc_text(now_s), data)


def ledger_diverged(table: str, bookmark: Bookmark, fault: str, now_s: float) -> Event:
    """Return the event of a snapshot that is not the ledger's, or not what it was.

    A fault is known by its words, without their numbers: those go on with the ledger, and the fault stays the same. It
    is one event a day (UTC), however often it is found.

    Args:
        bookmark: the ledger's head when it was found.
        fault: how it shows.
    """
    at = utc_text(now_s)
    words = short_hash(re.sub("[0-9]+", "", fault).encode()).hexdigest()
    data = {"bookmark": str(bookmark), "fault": fault[:MOST_FAULT_CHARACTERS]}
    return _event(DIVERGED, table, f"{bookmark.epoch}/{words}/{at[:10]}", at, data)


def job_ended(table: str, job: Mapping[str, Any]) -> Event:
    """Return the event of a job that has succeeded or failed, given as the list of jobs shows it.

    A job that is redriven and fails again is another event.
    """
    data = {name: job.get(name) for name in JOB_MEMBERS}
    return _event(f"job.{job['state']}", table, f"{job['id']}/{job['ended_at']}", job["ended_at"], data)


def _event(kind: str, table: str, what: str, at: str, data: Mapping[str, Any]) -> Event:
    return Event(id=f"{kind}/{table}/{what}", type=kind, at=at, table=table, data=data)
