"""An HTTP server before an API: as its script says, it answers in the API's place or loses what that says."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import httpx

from handlers.routes import POSTGRES, SOURCES

Step = Callable[["Exchange"], None]
NO_KEEP_ALIVE = httpx.Limits(max_keepalive_connections=0)  # the server may just be closing a connection kept alive


class FaultyApi:
    """Does the next step of `script` to each request, and `default` when the script is at its end: it passes on.

    Before an API it says by itself which homes there are, in `index`. In the place of `postgres` stands `ddb`.
    """

    def __init__(self, upstream: str = "") -> None:
        self.upstream = upstream
        self.script: deque[Step] = deque()
        self.default: Step = passes
        self.index: dict[str, object] | None = {"homes": SOURCES} if upstream else None
        self.seen: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.clients: set[tuple[str, int]] = set()
        self.http = httpx.Client(timeout=None, limits=NO_KEEP_ALIVE)

        class Handler(Exchange):
            api = self

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self.http.close()


class Exchange(BaseHTTPRequestHandler):
    """One request, and what a step can do about it."""

    api: FaultyApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    body = b""

    def do_GET(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.api.index is not None and (self.command, self.path) == ("GET", "/"):
            self.answer(200, json.dumps(self.api.index))
            return
        self.api.seen.append((self.command, self.path, self.body))
        self.api.headers.append({name.lower(): value for name, value in self.headers.items()})
        self.api.clients.add(self.client_address)
        step = self.api.script.popleft() if self.api.script else self.api.default
        step(self)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def answer(self, status: int, body: str | bytes = "{}", headers: Mapping[str, str] | None = None) -> None:
        content = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {**(headers or {}), "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def ask(self) -> httpx.Response:
        """What the API itself says."""
        sent = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        path = self.path.replace(f"/{POSTGRES}", "/ddb", 1)
        return self.api.http.request(self.command, self.api.upstream + path, content=self.body, headers=sent)

    def forward(self, tamper: Callable[[str], str] = str) -> None:
        response = self.ask()
        self.answer(response.status_code, tamper(response.text))

    def drop(self) -> None:
        """End the connection without an answer."""
        self.close_connection = True
        with contextlib.suppress(OSError):  # the client has gone
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Tests print nothing."""


def answers(status: int, body: object = None, **headers: str) -> Step:
    """Answer so; header names with underscores for hyphens."""
    text = body if isinstance(body, str) else json.dumps({} if body is None else body)
    return lambda exchange: exchange.answer(
        status, text, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def drops(exchange: Exchange) -> None:
    """Lose the request."""
    exchange.drop()


def loses_answer(exchange: Exchange) -> None:
    """Let the API do it, and lose what it says."""
    exchange.ask()
    exchange.drop()


def holds(released: threading.Event) -> Step:
    """Let the API do it, say nothing until released, and lose what it said."""

    def hold(exchange: Exchange) -> None:
        exchange.ask()
        released.wait()
        exchange.drop()

    return hold


def passes(exchange: Exchange) -> None:
    """Do no harm."""
    exchange.forward()


def tampers(old: str, new: str) -> Step:
    """Change the first `old` in the API's answer."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return lambda exchange: exchange.forward(change)
