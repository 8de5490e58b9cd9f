"""A real nginx before an origin, in a folder of its own: one worker, in the foreground, gone with the test.

Its socket is opened here and handed over, so that nobody else can take the port in between.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.edge.caching import FORWARDED_COOKIES, KEY_HEADERS, SESSION_PATHS

CONFIGURATION = Path(__file__).with_name("nginx.conf")
PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""


class Edge:
    """Where nginx answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(timeout=None, base_url=url, headers={"accept-encoding": "identity"})

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Ask; header names with underscores for hyphens."""
        return self.http.request(
            method, path, headers={name.replace("_", "-"): value for name, value in headers.items()}
        )

    def connections(self) -> int:
        """How many connections it has with clients, this one left out."""
        (count,) = re.findall(r"Active connections: (\d+)", self.get("/connections").text)
        return int(count) - 1


def status_of(response: httpx.Response) -> str:
    """What the cache had: HIT, MISS, EXPIRED, REVALIDATED …; nothing where it was not looked at."""
    return response.headers.get("x-cache-status", "")


def clock_s(response: httpx.Response) -> int:
    """The whole second in which nginx answered, by the clock that it reckons ages with."""
    return int(float(response.headers["x-cache-clock"]))


def _rules() -> dict[str, str]:
    """Return CloudFront's rules in nginx's words."""
    return {"key": _key(), "cookies": "|".join(FORWARDED_COOKIES), "sessions": SESSION_PATHS.removesuffix("*")}


def _key() -> str:
    """Return the variables of the headers that tell answers apart; that of Authorization has the session's cookie."""
    names = (header.lower().replace("-", "_") for header in KEY_HEADERS)
    return " ".join("$caller" if name == "authorization" else f"$http_{name}" for name in names)


def needed_nginx() -> str:
    """Return the program; skips the test where it is not installed, and fails it in CI, which installs it."""
    if not PROGRAM:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs nginx: apt-get install nginx-light")
    return PROGRAM


@contextmanager
def edge(folder: Path, origin: str) -> Generator[Edge]:
    """Start nginx before an origin (`host:port`); ends it."""
    program = needed_nginx()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listen = f"127.0.0.1:{listener.getsockname()[1]}"
        # root's worker would be somebody else, who may not enter the folder; others cannot choose
        user = "user root;" if os.geteuid() == 0 else ""
        text = CONFIGURATION.read_text(encoding="utf-8")
        places = {"folder": str(folder), "origin": origin, "listen": listen, "user": user, **_rules()}
        for name, value in places.items():
            text = text.replace(f"<<{name}>>", value)
        (folder / "nginx.conf").write_text(text, encoding="utf-8")
        process = subprocess.Popen(
            [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")],
            env={**os.environ, "NGINX": f"{listener.fileno()};"},
            pass_fds=[listener.fileno()],
            stderr=subprocess.PIPE,
        )
    try:
        found = Edge(f"http://{listen}")
        with found.http:
            found.connections()  # fails where nginx has not come so far: nobody else holds the socket any more
            yield found
    finally:
        process.terminate()
        _, said = process.communicate()
        lines = [line for line in said.decode().splitlines() if "[notice]" not in line]
        assert lines == [], lines
