"""The owner's routes of access codes and sessions: made, listed, disabled and ended. They are authorised as writes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from handlers.access.access_code import grouped, new_access_code
from handlers.access.access_table import PageOrder
from handlers.access.code import READ, SCOPES, Code, code_from_item
from handlers.access.session import session_from_item
from handlers.aws.sessions_table import CODE, SESSION
from handlers.domain.paging import DEFAULT_LIMIT, LIMIT_ALLOWED, limit_of
from handlers.domain.problem import Problem, field_error, invalid
from handlers.domain.timestamps import TIME_ALLOWED, parse_time, seconds_of, utc_text
from handlers.gateway.response import json_response

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.access.access_table import AccessTable
    from handlers.access.keys import Keys
    from handlers.aws.dynamodb import Deadline, Item
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation

MOST_TENANT_CHARACTERS = 64
MOST_USES = 1000
MOST_CODE_S = 90 * 24 * 3600
CODE_S = 7 * 24 * 3600  # where nobody says otherwise
TENANT_PATTERN = f"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MOST_TENANT_CHARACTERS - 1}}}"
TENANT_ALLOWED = (
    f"1 to {MOST_TENANT_CHARACTERS} letters, digits, dots, hyphens and underscores; first a letter or digit"
)
ID_PATTERN = "[0-9a-f]{32}"
FIELDS = ("tenant", "max_uses", "expires_at", "scopes")
LISTING = ("tenant", "limit", "cursor")


class AccessControl:
    """The operations `make-code`, `codes`, `disable-code`, `sessions` and `end-session`.

    Args:
        table: of codes and sessions.
        keys: of their hashes.
        now: the time in seconds since 1970.
        make_deadline: gives each request the limit of its work on the table.
    """

    def __init__(
        self, table: AccessTable, keys: Keys, now: Callable[[], float], make_deadline: Callable[[], Deadline]
    ) -> None:
        self._table = table
        self._keys = keys
        self._now = now
        self._make_deadline = make_deadline

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        return {
            "make-code": self.make_code,
            "codes": self.codes,
            "disable-code": self.disable_code,
            "sessions": self.sessions,
            "end-session": self.end_session,
        }

    def make_code(self, request: Request) -> Response:
        """POST /access/codes: make a code. This answer alone shows it."""
        request.parameters(())
        now_s = self._now()
        draft, text = draft_of(request.json_object(), now_s), new_access_code()
        code = replace(draft, id=self._keys.current_id(CODE, text))
        self._table.put_new(code, self._make_deadline())
        content = {"access_code": grouped(text), "code": code.shown(now_s)}
        return json_response(201, content, {"location": f"/access/codes/{code.id}"})

    def codes(self, request: Request) -> Response:
        """GET /access/codes: those of a tenant."""
        return self._page(request, CODE, "codes", self._shown_code)

    def sessions(self, request: Request) -> Response:
        """GET /access/sessions: the living ones of a tenant."""
        return self._page(request, SESSION, "sessions", self._shown_session)

    def disable_code(self, request: Request) -> Response:
        """DELETE /access/codes/{id}: nobody can exchange it any more. Its sessions go on."""
        return json_response(200, {"code": self._shown_code(self._ended(request, CODE, "code"))})

    def end_session(self, request: Request) -> Response:
        """DELETE /access/sessions/{id}: it lets nobody in any more."""
        return json_response(200, {"session": self._shown_session(self._ended(request, SESSION, "session"))})

    def _page(self, request: Request, kind: str, name: str, shown: Callable[[Item], object]) -> Response:
        asked = _asked_page(request)
        items, after = self._table.page(kind, asked, self._now(), self._make_deadline())
        return json_response(200, {name: [shown(item) for item in items], "next": after or None})

    def _ended(self, request: Request, kind: str, name: str) -> Item:
        request.parameters(())
        record_id = request.path_parameters["id"]
        is_id = re.fullmatch(ID_PATTERN, record_id)
        item = self._table.end(kind, record_id, self._now(), self._make_deadline()) if is_id else None
        if item is None:
            raise Problem("not-found", f"There is no {name} {record_id[:100]}")
        return item

    def _shown_code(self, item: Item) -> dict[str, object]:
        return code_from_item(item).shown(self._now())

    def _shown_session(self, item: Item) -> dict[str, object]:
        return session_from_item(item).shown(self._now())


def draft_of(body: dict[str, object], now_s: float) -> Code:
    """Return the code that a body asks for, without its id. Raises Problem (422) that names every wrong member."""
    errors = [field_error(name, body[name], f"only {', '.join(FIELDS)}") for name in body if name not in FIELDS]
    given = {name: value for name, value in body.items() if value is not None}
    for name, (is_right, allowed) in _RULES.items():
        if (name in given or name == "tenant") and not is_right(given.get(name), now_s):
            errors.append(field_error(name, given.get(name), allowed))
    if errors:
        raise invalid("invalid-content", errors)
    scopes = cast("list[str]", given.get("scopes", [READ]))
    return Code(
        id="",
        tenant=str(given["tenant"]),
        scopes=tuple(scope for scope in SCOPES if scope in scopes),
        max_uses=cast("int", given.get("max_uses", 1)),
        expires_s=int(_moment_s(given["expires_at"]) if "expires_at" in given else now_s + CODE_S),
        created_at=utc_text(now_s),
    )


def _is_tenant(got: object, _: float) -> bool:
    return isinstance(got, str) and bool(re.fullmatch(TENANT_PATTERN, got))


def _is_use_count(got: object, _: float) -> bool:
    return isinstance(got, int) and not isinstance(got, bool) and 1 <= got <= MOST_USES


def _is_expiry(got: object, now_s: float) -> bool:
    try:
        return now_s < int(_moment_s(got)) <= now_s + MOST_CODE_S
    except (ValueError, OverflowError):  # OverflowError: outside the years 1 to 9999
        return False


def _moment_s(got: object) -> float:
    return seconds_of(parse_time(got if isinstance(got, str) else ""))


def _are_scopes(got: object, _: float) -> bool:
    if not isinstance(got, list) or not got:
        return False
    scopes = cast("list[object]", got)
    return all(scope in SCOPES for scope in scopes) and len({*scopes}) == len(scopes)


_RULES: dict[str, tuple[Callable[[object, float], bool], str]] = {
    "tenant": (_is_tenant, TENANT_ALLOWED),
    "max_uses": (_is_use_count, f"an integer from 1 to {MOST_USES}"),
    "expires_at": (_is_expiry, f"in the next {MOST_CODE_S // 86400} days, {TIME_ALLOWED}"),
    "scopes": (_are_scopes, f"a list of {' and '.join(SCOPES)}, or of one of them"),
}


def _asked_page(request: Request) -> PageOrder:
    """Return the page that a query asks for. Raises Problem (400) that names all that are wrong."""
    parameters, errors = request.checked_parameters(LISTING)
    wrong = {error["field"] for error in errors}
    tenant, cursor = parameters.get("tenant"), parameters.get("cursor", "")
    if "tenant" not in wrong and not (tenant and re.fullmatch(TENANT_PATTERN, tenant)):
        errors.append(field_error("tenant", tenant, TENANT_ALLOWED))
    if cursor and not re.fullmatch(ID_PATTERN, cursor):
        errors.append(field_error("cursor", cursor, "a cursor from `next`"))
    limit = DEFAULT_LIMIT
    try:
        limit = limit_of(parameters.get("limit", str(DEFAULT_LIMIT)))
    except ValueError:
        errors.append(field_error("limit", parameters["limit"], LIMIT_ALLOWED))
    if errors:
        raise invalid("malformed-request", errors)
    return PageOrder(tenant or "", limit, cursor)
