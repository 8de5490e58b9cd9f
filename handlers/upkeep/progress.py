"""The progress of a full verification, kept between two calls, so that none has to last as long as all of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from handlers.domain.hashes import content_hash, hash_text
from handlers.ledger.head import Head
from handlers.rows import MODEL
from handlers.upkeep.findings import PROGRESS, Findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handlers.aws.dynamodb import Deadline, Item
    from handlers.model.model import Row

OURS: Item = {"schema": {"N": str(MODEL.schema_version)}}  # what was read with other columns says nothing of ours


@dataclass
class Reached:
    """The state of a full verification; it grows.

    Attributes:
        goal: the ledger's head when it began.
        published: the newest snapshot's last row then, its content hash by the columns of the goal, and by ours.
        begun_s: when that was, in seconds since 1970.
        reached: the prefix whose rows were read, with the hash and the statistics that they have.
        shown: in a change of columns, the content hash of the rows that were read by ours; else 0.
        segments: the names of the segments that were looked into.
    """

    goal: Head
    published: tuple[int, int, int]
    begun_s: float
    reached: Head = field(init=False)
    shown: int = 0
    segments: set[str] = field(default_factory=set[str])

    def __post_init__(self) -> None:
        self.reached = replace(Head.new(self.goal.epoch), columns=self.goal.columns)

    def take(self, rows: Sequence[Row]) -> None:
        """Add the rows that come next."""
        self.reached = self.reached.plus(rows)
        if self.goal.is_replaced:
            self.shown = content_hash(self.shown, [row[0] for row in rows], MODEL.json_texts(rows))

    def answer(self) -> dict[str, object]:
        """Return how far it is, as answers show it."""
        return {"goal": str(self.goal.bookmark), "reached": str(self.reached.bookmark), "segments": len(self.segments)}


def load_progress(findings: Findings, deadline: Deadline) -> Reached | None:
    """Return the progress that was saved; None where no verification with our columns is under way.

    Raises Problem (503).
    """
    item = findings.get(PROGRESS, deadline)
    if item is None or item.get("schema") != OURS["schema"]:
        return None
    seq, *hashes = json.loads(item["published"].get("S", ""))
    begun_s = float(item["begun_s"].get("N", 0))
    published, shown = [int(text, 16) for text in hashes]
    progress = Reached(Head.from_item(dict(item["goal"].get("M", {}))), (seq, published, shown), begun_s)
    progress.reached = Head.from_item(dict(item["reached"].get("M", {})))
    progress.shown = int(item["shown"].get("S", ""), 16)
    progress.segments.update(json.loads(item["segments"].get("S", "")))
    return progress


def save_progress(findings: Findings, progress: Reached | None, deadline: Deadline) -> None:
    """Save the progress, or, with None, that no verification is under way. Raises Problem (503)."""
    members: Item = {}
    if progress is not None:
        seq, *hashes = progress.published
        members = {
            "goal": {"M": progress.goal.to_item()},
            "published": {"S": json.dumps([seq, *map(hash_text, hashes)])},
            "begun_s": {"N": str(progress.begun_s)},
            **OURS,
            "shown": {"S": hash_text(progress.shown)},
            "reached": {"M": progress.reached.to_item()},
            "segments": {"S": json.dumps(sorted(progress.segments))},
        }
    findings.put(PROGRESS, members, deadline)
