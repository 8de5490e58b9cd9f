"""The visitor's routes: a code is exchanged for a session, the session shown and left.

A token comes as a bearer's or in the cookie. The cookie counts on these routes alone, and a browser sends it only with
what a page of this very site asks for (SameSite=Strict).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handlers.access.address import without_port
from handlers.access.bearer import NO_COOKIE, bearer_of, cookie_of, cookie_with
from handlers.domain.problem import Problem, field_error, invalid
from handlers.gateway.response import json_response
from handlers.settings import CLOUDFRONT

if TYPE_CHECKING:
    from collections.abc import Callable

    from handlers.access.exchange import CodeExchange
    from handlers.access.living import LivingSessions
    from handlers.access.session import Session
    from handlers.aws.dynamodb import Deadline
    from handlers.gateway.request import Request
    from handlers.gateway.response import Response
    from handlers.gateway.router import Operation
    from handlers.settings import Settings

CURRENT = "/sessions/current"
MOST_ENTERED_CHARACTERS = 64
CODE_ALLOWED = f"an access code, a text of 1 to {MOST_ENTERED_CHARACTERS} characters"
VIEWER_ADDRESS = "cloudfront-viewer-address"
FORGET_ANSWERS = {"clear-site-data": '"cache"'}  # its values stand in quotes. Source: W3C, Clear Site Data, section 3.1


class Visit:
    """The operations `enter`, `show-session` and `leave`.

    Args:
        exchange: makes sessions.
        sessions: finds them and ends them.
        settings: how long a session lasts, and whether an edge stands in front of the gateway, and says where a visitor
            comes from.
        now: the time in seconds since 1970.
        make_deadline: gives each request the limit of its work on the table.
    """

    def __init__(
        self,
        exchange: CodeExchange,
        sessions: LivingSessions,
        settings: Settings,
        now: Callable[[], float],
        make_deadline: Callable[[], Deadline],
    ) -> None:
        self._exchange = exchange
        self._sessions = sessions
        self._edge = settings.edge
        self._session_s = settings.session_s
        self._now = now
        self._make_deadline = make_deadline

    def operations(self) -> dict[str, Operation]:
        """Return the operations by name."""
        return {"enter": self.enter, "show-session": self.show, "leave": self.leave}

    def enter(self, request: Request) -> Response:
        """POST /sessions: exchange a code for a session. This answer alone shows its token."""
        request.parameters(())
        entered = _entered(request.json_object())
        entrance = self._exchange.enter(entered, self._address(request), self._make_deadline())
        content = {"session": entrance.session.shown(self._now()), "token": entrance.token}
        response = json_response(201, content, {"location": CURRENT})
        response.cookies = (cookie_with(entrance.token, self._session_s),)
        return response

    def show(self, request: Request) -> Response:
        """GET /sessions/current: the visitor's own."""
        request.parameters(())
        session = self._own(request, self._make_deadline())
        return json_response(200, {"session": session.shown(self._now())})

    def leave(self, request: Request) -> Response:
        """DELETE /sessions/current: end it, and let the browser forget it, and all that it has read."""
        request.parameters(())
        deadline = self._make_deadline()
        session = self._own(request, deadline)
        ended = self._sessions.end(session, deadline)
        response = json_response(200, {"session": ended.shown(self._now())}, FORGET_ANSWERS)
        response.cookies = (NO_COOKIE,)
        return response

    def _own(self, request: Request, deadline: Deadline) -> Session:
        """Return the living session of whoever asks. Raises Problem: 404, 503."""
        session = self._sessions.find(bearer_of(request.headers) or cookie_of(request.cookies()), deadline)
        if session is None:
            raise Problem("not-found", "There is no session: exchange a code for one at POST /sessions")
        return session

    def _address(self, request: Request) -> str:
        viewer = request.headers.get(VIEWER_ADDRESS, "") if self._edge == CLOUDFRONT else ""
        return without_port(viewer) if viewer else request.source_ip()


def _entered(body: dict[str, object]) -> str:
    """Return the code in a body. Raises Problem (422) that names every wrong member."""
    errors = [field_error(name, body[name], "only code") for name in body if name != "code"]
    code = body.get("code")
    if not (isinstance(code, str) and 1 <= len(code) <= MOST_ENTERED_CHARACTERS):
        errors.append(field_error("code", code, CODE_ALLOWED))
    if errors:
        raise invalid("invalid-content", errors)
    return str(code)
