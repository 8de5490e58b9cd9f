"""The rows of one transaction, and what to say of a call whose transactions did not all come to an end."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ulid import ULID

from handlers import rows
from handlers.domain.bookmark import Bookmark
from handlers.domain.problem import Problem
from handlers.domain.timestamps import utc_text
from handlers.ledger.idempotency import LEASE_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.ledger.idempotency import Call, Record
    from handlers.rows import Draft, Row


@dataclass(frozen=True)
class Chunk:
    """The rows of one transaction: the same ids and time however often it is tried.

    Attributes:
        doubts: the heads upon which an attempt may have been carried out although no answer says so.
    """

    drafts: Sequence[Draft]
    ids: tuple[str, ...]
    created_at: str
    doubts: set[Bookmark] = field(default_factory=set[Bookmark])

    @classmethod
    def of(cls, drafts: Sequence[Draft], now_s: float) -> Chunk:
        """Rows with new ids."""
        return cls(drafts, tuple(str(ULID()) for _ in drafts), utc_text(now_s))

    def rows_after(self, head: Bookmark) -> list[Row]:
        """The rows as they follow this head."""
        numbered = enumerate(zip(self.ids, self.drafts, strict=True), head.seq + 1)
        return [rows.row_of(seq, row_id, draft, self.created_at) for seq, (row_id, draft) in numbered]

    def end(self, head: Bookmark) -> Bookmark:
        """The head once the rows follow this one."""
        return Bookmark(head.epoch, head.seq + len(self.ids))


def cut_short(problem: Problem, record: Record, chunk: Chunk, key_call: Call | None) -> Problem:
    """The 503 of a call that was cut midway: how many rows are in, which may be, and how to go on."""
    count, total = len(record.ids), record.total
    members: dict[str, object] = {"inserted": count, "ids": record.ids}
    detail, how = f"{problem.detail}; {count} of {total} rows are in", f"send the {total - count} others"
    if chunk.doubts:
        members["ids_in_doubt"] = chunk.ids
        detail += f", the next {len(chunk.ids)} may be"
        how = "see whether those in doubt are in, and send the others"
    headers = problem.headers
    if key_call is not None:
        how = "send it again with the same Idempotency-Key"
        if record.ids:  # until then this call may still be running, for all that others know
            headers = headers | {"retry-after": str(math.ceil(LEASE_S))}
    return Problem(problem.kind, f"{detail}: to go on, {how}", headers=headers, members=members)
