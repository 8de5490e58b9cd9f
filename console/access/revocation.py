"""Codes and sessions taken back: one of them, a code with its sessions, or all of a tenant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from console.access.calls import CODES, SESSIONS, Members, end, listed
from console.client.client import Client
from console.errors import ConsoleError
from console.paths import PROGRAM
from handlers.access.code import ACTIVE

NOT_FOUND = 404
# The index by which they are listed is a moment late: what has just been made is found at the second look.
LOOKS = 2
BETWEEN_LOOKS_S = 1.0


@dataclass(frozen=True)
class Revoked:
    """Codes and sessions that let nobody in any more, each by its id."""

    codes: list[str] = field(default_factory=list[str])
    sessions: list[str] = field(default_factory=list[str])


def revoke(client: Client, record_id: str, *, with_sessions: bool) -> Revoked:
    """Disable the code, or end the session, that has an id. Raises ConsoleError, also where there is none.

    Args:
        with_sessions: end those that the code was exchanged for too.
    """
    code = _ended_code(client, record_id)
    if code is None:
        try:
            end(client, SESSIONS, record_id)
        except ConsoleError as error:
            if error.status == NOT_FOUND:
                error.hint = f"{PROGRAM} access codes --help"
            raise
        return Revoked(sessions=[record_id])
    if not with_sessions:
        return Revoked(codes=[record_id])
    ended = _end_all(client, SESSIONS, str(code["tenant"]), lambda session: session["code"] == record_id)
    return Revoked([record_id], ended)


def revoke_all(client: Client, tenant: str) -> Revoked:
    """Disable all codes of a tenant that can still be exchanged, then end all of its sessions. Raises ConsoleError."""
    codes = _end_all(client, CODES, tenant, lambda code: code["state"] == ACTIVE)
    return Revoked(codes, _end_all(client, SESSIONS, tenant, lambda _: True))


def _ended_code(client: Client, record_id: str) -> Members | None:
    """Disable a code; returns it, or None where no code has this id."""
    try:
        return end(client, CODES, record_id)
    except ConsoleError as error:
        if error.status != NOT_FOUND:
            raise
        return None


def _end_all(client: Client, kind: str, tenant: str, is_meant: Callable[[Members], bool]) -> list[str]:
    """End those of a tenant that are meant; codes before sessions, so that none lets a new one begin meanwhile."""
    ended: list[str] = []
    for look in range(LOOKS):
        time.sleep(BETWEEN_LOOKS_S if look else 0)
        meant = [str(each["id"]) for each in listed(client, kind, tenant) if is_meant(each)]
        for record_id in meant:
            if record_id not in ended:
                end(client, kind, record_id)
                ended.append(record_id)
    return ended
