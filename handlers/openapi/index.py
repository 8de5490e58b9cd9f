"""GET /: what there is, as JSON with links, and as a page for a browser.

The page is one file without scripts, fonts or pictures: its Content-Security-Policy allows its own style, known by its
hash, and nothing else. Links are relative to it: behind an edge the API stands below `/api/`.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from typing import TYPE_CHECKING

from handlers.gateway.negotiation import prefers_html
from handlers.gateway.response import Response, json_response, text_response
from handlers.openapi.description import OPERATIONS
from handlers.routes import POSTGRES, RELATIONAL, ROUTES, SESSION_OPERATIONS, SOURCES
from handlers.telemetry.runtime import VERSION

if TYPE_CHECKING:
    from collections.abc import Container

NAME = "lambda-sqlite"
STYLE = """
:root { color-scheme: light dark }
body { max-width: 44rem; margin: 0 auto; padding: 4rem 1.5rem; font: 1rem/1.5 system-ui, sans-serif }
h1 { margin: 0 }
div { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: .75rem 0; border-top: 1px solid GrayText }
dt { flex: 1 1 14rem }
dd { flex: 1 1 18rem; margin: 0; font: .875rem/1.7 ui-monospace, monospace; overflow-wrap: anywhere }
dd b { display: inline-block; width: 3.5rem }
"""
PAGE = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{NAME}</title>
<style>{STYLE}</style>
<h1>{NAME} <small>{VERSION}</small></h1>
<p>One data set, several read paths. <a href="openapi.json">openapi.json</a> describes each of these in full.</p>
<dl>
"""


def index_response(accept: str, absent: Container[str]) -> Response:
    """Return what there is, in the form that the client prefers.

    Args:
        accept: the header, as the client sent it.
        absent: the functions that are not there.
    """
    if not prefers_html(accept):
        response = json_response(
            200, {"name": NAME, "version": VERSION, "homes": homes(absent), "links": links(absent)}
        )
    else:
        response = text_response("text/html", page(absent))
        response.headers["content-security-policy"] = policy()
        response.headers["x-content-type-options"] = "nosniff"
    response.headers["vary"] = "accept, accept-encoding"
    return response


def homes(absent: Container[str]) -> list[str]:
    """Return the homes that are there, by the names of their routes."""
    return [*SOURCES] if RELATIONAL in absent else [*SOURCES, POSTGRES]


def links(absent: Container[str]) -> list[dict[str, str]]:
    """Return an entry for each route that is there, in the order of the route table."""
    return [
        {"method": method, "href": _relative(path), "operation": name, "summary": OPERATIONS[name][0]}
        for method, path, function, name in ROUTES
        if function not in absent
    ]


def page(absent: Container[str]) -> str:
    """Return the same as a page, by operation. Nothing in it comes from outside."""
    routes: dict[str, list[str]] = {}
    for link in links(absent):
        routes.setdefault(link["operation"], []).append(_link(link["method"], link["href"], link["operation"]))
    operations = [f"<div><dt>{OPERATIONS[name][0]}</dt><dd>{'<br>'.join(routes[name])}" for name in routes]
    return PAGE + "</dd></div>\n".join([*operations, "</dl>\n"])


def policy() -> str:
    """Return the Content-Security-Policy of the page."""
    digest = b2a_base64(hashlib.sha256(STYLE.encode()).digest(), newline=False).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _relative(path: str) -> str:
    return path.removeprefix("/") or "./"


def _link(method: str, href: str, name: str) -> str:
    path = f"/{href.removeprefix('./')}"
    is_readable = method == "GET" and "{" not in path and name not in SESSION_OPERATIONS
    return f"<b>{method}</b>" + (f'<a href="{href}">{path}</a>' if is_readable else path)
