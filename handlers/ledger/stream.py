"""The table's stream: each append moves the head, so the head's records tell of every row, whoever appended it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.domain.bookmark import Bookmark
from handlers.ledger.head import HEAD_KEY

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    StreamRecord = dict[str, Any]
    Moves = list[tuple[str, Bookmark]]


def moves_of(records: Sequence[StreamRecord]) -> Moves:
    """Return where a batch says that the head has moved to, each with the record's number."""
    return [(record["dynamodb"]["SequenceNumber"], moved_to) for record in records if (moved_to := head_of(record))]


def partial_answer(moves: Moves, reached: Bookmark) -> dict[str, object]:
    """Return the partial batch answer: the first record beyond what was reached, from which the stream goes on."""
    missing = [number for number, moved_to in moves if moved_to > reached]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in missing[:1]]}


def head_of(record: StreamRecord) -> Bookmark | None:
    """Return where a record says that the head has moved to; None for a record that does not speak of that."""
    change = record["dynamodb"]
    if change["Keys"] != HEAD_KEY or "NewImage" not in change:
        return None
    image = change["NewImage"]
    return Bookmark(int(image["epoch"]["N"]), int(image["seq"]["N"]))
