"""The verb `access`: access codes and sessions made, listed and taken back, and the keys behind them rotated."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Column, Table

from console import terminal
from console.access.calls import CODES, SESSIONS, Members, listed, make_code
from console.access.entrance import exchange
from console.access.expiry import expiry_of
from console.access.revocation import Revoked, revoke, revoke_all
from console.access.rotation import find_key, rotate
from console.client.client import Client
from console.client.target import JsonOption, UrlOption, api_url
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.wording import counted
from handlers.access.code import SCOPES
from handlers.api.access import MOST_CODE_S, MOST_USES

TO_SECONDS = len("2026-01-31T12:00:00")
CODE_COLUMNS = ("id", "state", "uses", "scopes", "expires at")
SESSION_COLUMNS = ("id", "code", "scopes", "expires at")
MOST_DAYS = MOST_CODE_S // 86_400
NOT_FOUND = "not-found"
SOON = "The gateway may let them in for another minute."


class Scope(StrEnum):
    """Rights that a code can give."""

    READ, SQL = SCOPES


class Key(StrEnum):
    """Keys that can be rotated."""

    SESSION, EDGE = "session", "edge"


TenantOption = Annotated[str, typer.Option(help="Whom it is for: a name of letters, digits, dots, hyphens.")]


def make(
    tenant: TenantOption,
    max_uses: Annotated[int, typer.Option(min=1, max=MOST_USES, help="How many sessions it can be exchanged for.")] = 1,
    expires: Annotated[
        str, typer.Option(help=f"Until when: 12h, 30d, or a time, {MOST_DAYS} days at most; 7 days unless it is said.")
    ] = "",
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it lets do: read alone, unless sql, which includes read, is said.")
    ] = None,
    url: UrlOption = "",
    *,
    as_json: JsonOption = False,
) -> None:
    """Make an access code. It is printed once, and kept nowhere."""
    expires_at = expiry_of(expires)
    scopes = (
        list(Scope) if Scope.SQL in (scope or []) else scope or []
    )  # SQL alone would lock its visitor out of the page
    with Client(api_url(url)) as client:
        made = make_code(client, tenant, max_uses, expires_at, scopes)
    if as_json:
        terminal.print_json(made)
        return
    code = made["code"]
    terminal.results().print(made["access_code"])
    said = f"for {tenant}: {_scopes(code)}, {counted(code['max_uses'], 'use')}, until {_time(code)}"
    terminal.messages().print(f"{said}; its id is {code['id']}", soft_wrap=True)


def enter(url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """Exchange an access code, read from standard input, for a session. Prints its token, for API_TOKEN."""
    if sys.stdin.isatty():
        terminal.messages().print("Access code: ", end="")
    access_code = sys.stdin.readline().strip()
    if not access_code:
        raise ConsoleError("no access code was given", f"{PROGRAM} access enter --help", 2)
    with Client(api_url(url)) as client:
        entered = exchange(client, access_code)
    if as_json:
        terminal.print_json(entered)
        return
    session = entered["session"]
    terminal.results().print(entered["token"], soft_wrap=True)
    said = f"for {session['tenant']}: {_scopes(session)}, until {_time(session)}"
    terminal.messages().print(f"{said}; its id is {session['id']}", soft_wrap=True)


def list_codes(tenant: TenantOption, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """List the access codes of a tenant, without the codes themselves."""
    with Client(api_url(url)) as client:
        found = listed(client, CODES, tenant)
    rows = [(each["id"], each["state"], _uses(each), _scopes(each), _time(each)) for each in found]
    _print_list(CODES, found, CODE_COLUMNS, rows, as_json)


def list_sessions(tenant: TenantOption, url: UrlOption = "", *, as_json: JsonOption = False) -> None:
    """List the living sessions of a tenant, with the codes that they were exchanged for."""
    with Client(api_url(url)) as client:
        found = listed(client, SESSIONS, tenant)
    rows = [(each["id"], each["code"], _scopes(each), _time(each)) for each in found]
    _print_list(SESSIONS, found, SESSION_COLUMNS, rows, as_json)


def take_back(
    record_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="Of a code or a session, as the lists show it.")
    ] = "",
    tenant: Annotated[str, typer.Option(help="With --all: whose.")] = "",
    *,
    is_all: Annotated[bool, typer.Option("--all", help="All codes and sessions of a tenant.")] = False,
    with_sessions: Annotated[bool, typer.Option("--with-sessions", help="Of a code: its sessions too.")] = False,
    url: UrlOption = "",
    as_json: JsonOption = False,
) -> None:
    """Disable a code, end a session, or take back all of a tenant's. The gateway follows within a minute."""
    _check_what(record_id, tenant, is_all, with_sessions)
    with Client(api_url(url)) as client:
        revoked = revoke_all(client, tenant) if is_all else _revoke_one(client, record_id, with_sessions)
    if as_json:
        terminal.print_json(asdict(revoked))
    else:
        terminal.results().print(_words(revoked))


def rotate_key(
    key: Annotated[Key, typer.Argument(help="Of the hashes of codes and sessions, or the edge's.")],
    stack: Annotated[str, typer.Option(help="The Pulumi stack; default: the selected one.")] = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Give a key a new random value. The one before stays valid until the next rotation. Needs AWS credentials."""
    place = find_key(key, stack)
    if not (yes or terminal.is_confirmed(f"Put a new value into {place.arn}?")):
        raise ConsoleError("nothing was changed", f"{PROGRAM} access rotate {key} --yes")
    rotated = rotate(place)
    if as_json:
        terminal.print_json(asdict(rotated))
        return
    lines = [f"The {key} key has a new version, {rotated.version}.", rotated.note]
    lines += [f"Wait a minute, then: {rotated.next_step}"] if rotated.next_step else []
    terminal.results().print("\n".join(lines), soft_wrap=True)


def _check_what(record_id: str, tenant: str, is_all: bool, with_sessions: bool) -> None:
    """Raise ConsoleError where it is not clear what is to be taken back."""
    is_clear = bool(tenant) and not (record_id or with_sessions) if is_all else bool(record_id) and not tenant
    if not is_clear:
        raise ConsoleError("it takes either an ID, or --tenant and --all", f"{PROGRAM} access revoke --help", 2)


def _revoke_one(client: Client, record_id: str, with_sessions: bool) -> Revoked:
    """Take one back. Raises ConsoleError, which says so where nothing has its id."""
    try:
        return revoke(client, record_id, with_sessions=with_sessions)
    except ConsoleError as error:
        # An API without sessions gives this status too, with words of its own.
        if error.problem == NOT_FOUND and "There is no session " in str(error):
            raise ConsoleError(f"no code or session has the id {record_id}", error.hint) from error
        raise


def _words(revoked: Revoked) -> str:
    said = [f"{counted(len(revoked.codes), 'code')} disabled"] if revoked.codes else []
    said += [f"{counted(len(revoked.sessions), 'session')} ended"] if revoked.sessions else []
    if not said:
        return "There was nothing to take back."
    return f"{', '.join(said)}.{f' {SOON}' if revoked.sessions else ''}"


def _print_list(
    name: str, found: Sequence[Members], columns: Sequence[str], rows: Sequence[Sequence[str]], as_json: bool
) -> None:
    if as_json:
        terminal.print_json({name: found})
        return
    table = Table(*(Column(each, no_wrap=True) for each in columns), box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.collapse_padding = True  # two ids in a line leave no room to waste
    for row in rows:
        table.add_row(*row)
    terminal.results().print(table if found else f"no {name}")


def _uses(code: Members) -> str:
    return f"{code['uses']} of {code['max_uses']}"


def _scopes(record: Members) -> str:
    return " ".join(record["scopes"])


def _time(record: Members) -> str:
    """Return when a code or a session expires."""
    return f"{record['expires_at'][:TO_SECONDS]}Z"


COMMANDS: dict[str, Callable[..., None]] = {
    "code": make,
    "codes": list_codes,
    "enter": enter,
    "sessions": list_sessions,
    "revoke": take_back,
    "rotate": rotate_key,
}
