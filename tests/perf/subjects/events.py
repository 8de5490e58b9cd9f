"""Requests as the gateway gives them to a function."""

from __future__ import annotations

import json

from console.local.payload import HttpRequest, event

HEADERS = [("host", "api.local:443"), ("user-agent", "bench/1"), ("accept", "*/*")]
JSON = ("content-type", "application/json")


def get(path: str, query: str = "") -> dict[str, object]:
    """Return the event of a GET."""
    return _event("GET", path, query, b"")


def post(path: str, content: object) -> dict[str, object]:
    """Return the event of a POST of JSON."""
    return _event("POST", path, "", json.dumps(content).encode())


def _event(method: str, path: str, query: str, body: bytes) -> dict[str, object]:
    headers = [*HEADERS, JSON] if body else HEADERS
    return event(HttpRequest(method, path, query, "HTTP/1.1", headers, body, "192.0.2.1", 443), "$default", "request-1")
