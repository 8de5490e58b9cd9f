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
from handlers.access.bearer import cookie_of
from handlers.gateway.negotiation import prefers_html
from infra.edge.headers import SECURITY_HEADERS

PAGE, API = "/dashboard/", "/api/"
REDIRECTS = {"/dashboard": PAGE, "/index.html": PAGE, "/api": API}


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
        place = _redirect(scope) if scope["type"] == "http" else ""
        if place:
            await _send(send, _found(place), is_head=False)
        elif path.startswith(PAGE):
            known = _header(scope, "if-none-match")
            answer = await asyncio.to_thread(self._page.answer, scope["method"], path.removeprefix(PAGE), known)
            await _send(send, answer, is_head=scope["method"] == "HEAD")
        else:
            await self._gateway(_of_the_api(scope) if path.startswith(API) else scope, receive, send)


def _redirect(scope: Message) -> str:
    """Return the place that a request is led to; nothing where it is answered."""
    path: str = scope["path"]
    if scope["method"] not in READING:
        return ""
    if path == "/":
        return PAGE if prefers_html(_header(scope, "accept")) else ""
    return REDIRECTS.get(path, "")


def _found(place: str) -> HttpResponse:
    headers = {"location": place, "vary": "accept", "cache-control": "no-store", **SECURITY_HEADERS}
    return HttpResponse(302, list(headers.items()), b"")


def _of_the_api(scope: Message) -> Message:
    """Return a request under `/api/` as the gateway gets it."""
    headers = list(scope["headers"])
    token = cookie_of(_header(scope, "cookie", "; ").split(";"))
    if token and not _header(scope, "authorization"):
        headers.append((b"authorization", f"Bearer {token}".encode("latin-1")))
    path = "/" + scope["path"].removeprefix(API)
    return {**scope, "path": path, "headers": headers}


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
