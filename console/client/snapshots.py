"""The API's snapshots: the newest one, and the one that an answer to a write says is published."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

import httpx

from console.client.client import Client, read_members
from console.client.failures import unexpected
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.domain.bookmark import Bookmark


@dataclass(frozen=True)
class ListedSnapshot:
    """A snapshot that is listed; the newest one is what the paths are held to."""

    bookmark: Bookmark
    hash: str
    size_bytes: int


@dataclass(frozen=True)
class LedgerHead:
    """The head of the ledger, to which the newest snapshot is held; in a change of columns it has no hash of theirs."""

    bookmark: Bookmark
    hash: str | None


def newest_snapshot(client: Client) -> ListedSnapshot:
    """Ask for the newest snapshot. Raises ConsoleError where there is none."""
    found = _snapshots(client)
    if not found:
        hint = f"{PROGRAM} seed --url {shlex.quote(client.url)} --count 1000"
        raise ConsoleError(f"{client.url} has no snapshot yet", hint)
    return found[0]


def hash_at(client: Client, bookmark: Bookmark) -> str | None:
    """Return the content hash at a bookmark; None where no snapshot that is listed ends there. Raises ConsoleError."""
    return next((each.hash for each in _snapshots(client) if each.bookmark == bookmark), None)


def ledger_head(response: httpx.Response) -> LedgerHead:
    """Return the ledger's head that `GET /command/health` tells. Raises ConsoleError."""
    members = read_members(response)
    try:
        found = members["hash"]
        return LedgerHead(Bookmark.parse(str(members["bookmark"])), None if found is None else str(found))
    except (KeyError, ValueError) as error:
        raise unexpected(response, "no bookmark of the ledger") from error


def count_unpublished(head: LedgerHead, published: ListedSnapshot) -> int:
    """Count the ledger's rows that this snapshot lacks."""
    known = published.bookmark.seq if head.bookmark.epoch == published.bookmark.epoch else 0
    return max(0, head.bookmark.seq - known)


def _snapshots(client: Client) -> list[ListedSnapshot]:
    """Return the snapshots that are listed, newest first."""
    response = client.get("/snapshots")
    try:
        listed: list[dict[str, object]] = read_members(response)["snapshots"]  # pyright: ignore[reportAssignmentType] - checked by what it raises
        return [
            ListedSnapshot(Bookmark.parse(str(each["bookmark"])), str(each["hash"]), int(str(each["bytes"])))
            for each in listed
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise unexpected(response, "no list of snapshots") from error


def published_bookmark(response: httpx.Response) -> str:
    """Return the bookmark of the snapshot that an answer to a write says is published. Raises ConsoleError."""
    snapshot = read_members(response).get("snapshot")
    if not isinstance(snapshot, dict):
        raise unexpected(response, "no snapshot")
    return str(snapshot.get("bookmark"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON
