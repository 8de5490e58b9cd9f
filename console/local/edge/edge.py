"""The local stand-in for CloudFront: an ASGI app before the gateway, which makes the page and the API one origin.

The page is at `/dashboard/`, the API at `/api/`, where a cookie with a session counts as its token: as the edge's
function for viewers' requests has it (`infra/edge/viewer_request.js`). All other paths are the gateway's, as at the
address that the API has without an edge; but a browser that asks for `/` is led to the page.
"""

from __future__ import annotations

import asyncio

from console.local.edge.page import READING, PageFiles
from console.local.gateway import App, Message, Receive, Send
from console.local.payload import HttpResponse
from handlers.gateway.negotiation import prefers_html
from infra.edge.headers import SECURITY_HEADERS

PAGE, API = "/dashboard/", "/api/"
COOKIE = "__Host-session"


class LocalEdge:
    """The ASGI app.

    Args:
        gateway: answers all that is not the page's.
        page: the files at `/dashboard/`.
    """

    def __init__(self, gateway: App, page: PageFiles) -> None:
        self._gateway = gateway
        self._page = page

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        path: str = scope.get("path", "")
        if scope["type"] == "http" and _leads_to_the_page(scope):
            await _send(send, _redirect(), is_head=False)
        elif path.startswith(PAGE):
            known = _header(scope, "if-none-match")
            answer = await asyncio.to_thread(self._page.answer, scope["method"], path.removeprefix(PAGE), known)
            await _send(send, answer, is_head=scope["method"] == "HEAD")
        else:
            await self._gateway(_of_the_api(scope) if path.startswith(API) else scope, receive, send)


def _leads_to_the_page(scope: Message) -> bool:
    """Tell whether a request asks for the page without its last slash, or is a browser's for `/`."""
    if scope["method"] not in READING:
        return False
    return scope["path"] == PAGE[:-1] or (scope["path"] == "/" and prefers_html(_header(scope, "accept")))


def _redirect() -> HttpResponse:
    """Return the answer that leads to the page; it is for those who would rather see one."""
    headers = {"location": PAGE, "vary": "accept", "cache-control": "no-store", **SECURITY_HEADERS}
    return HttpResponse(302, list(headers.items()), b"")


def _of_the_api(scope: Message) -> Message:
    """Return a request under `/api/` as the gateway gets it."""
    headers = list(scope["headers"])
    token = _cookie(scope)
    if token and not _header(scope, "authorization"):
        headers.append((b"authorization", f"Bearer {token}".encode("latin-1")))
    path = "/" + scope["path"].removeprefix(API)
    return {**scope, "path": path, "headers": headers}


def _cookie(scope: Message) -> str:
    """Return the session's cookie; nothing where there is none."""
    pairs = (pair.strip().partition("=") for pair in _header(scope, "cookie", "; ").split(";"))
    return next((value for name, _, value in pairs if name == COOKIE), "")


def _header(scope: Message, wanted: str, separator: str = ", ") -> str:
    """Return a header, all of its lines as one; nothing where it is not sent."""
    return separator.join(
        value.decode("latin-1") for name, value in scope["headers"] if name.decode("latin-1") == wanted
    )


async def _send(send: Send, response: HttpResponse, *, is_head: bool) -> None:
    headers = list(response.headers)
    if response.status != 304:
        headers.append(("content-length", str(len(response.body))))
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": response.status, "headers": encoded})
    await send({"type": "http.response.body", "body": b"" if is_head else response.body})
