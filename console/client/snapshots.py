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
class NewestSnapshot:
    """The newest snapshot, to which the paths are held."""

    bookmark: Bookmark
    hash: str
    size_bytes: int


def newest_snapshot(client: Client) -> NewestSnapshot:
    """Ask for the newest snapshot. Raises ConsoleError where there is none."""
    response = client.get("/snapshots")
    snapshots = read_members(response).get("snapshots")
    if snapshots == []:
        hint = f"{PROGRAM} seed --url {shlex.quote(client.url)} --count 1000"
        raise ConsoleError(f"{client.url} has no snapshot yet", hint)
    try:
        newest = snapshots[0]  # pyright: ignore[reportOptionalSubscript, reportIndexIssue, reportUnknownVariableType] - checked by what it raises
        bookmark = Bookmark.parse(newest["bookmark"])  # pyright: ignore[reportUnknownArgumentType]
        return NewestSnapshot(bookmark, str(newest["hash"]), int(newest["bytes"]))  # pyright: ignore[reportUnknownArgumentType]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise unexpected(response, "no list of snapshots") from error


def count_unpublished(client: Client, published: NewestSnapshot) -> int:
    """Count the ledger's rows that this snapshot lacks. Raises ConsoleError."""
    response = client.get("/ddb", {"limit": "1"})
    try:
        head = Bookmark.parse(str(read_members(response).get("bookmark")))
    except ValueError as error:
        raise unexpected(response, "no bookmark") from error
    known = published.bookmark.seq if head.epoch == published.bookmark.epoch else 0
    return max(0, head.seq - known)


def published_bookmark(response: httpx.Response) -> str:
    """Return the bookmark of the snapshot that an answer to a write says is published. Raises ConsoleError."""
    snapshot = read_members(response).get("snapshot")
    if not isinstance(snapshot, dict):
        raise unexpected(response, "no snapshot")
    return str(snapshot.get("bookmark"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - JSON
