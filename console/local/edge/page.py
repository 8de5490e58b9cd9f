"""The page's files, as CloudFront gives them from its bucket: each with its type, its tag, and the security headers.

A client's path is looked up among the files that there are, and never made a path of this machine: nothing outside the
folder can be asked for, and nothing hidden in it. Files are read anew each time, so that a
reload shows a change.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from console.local.payload import HttpResponse
from handlers.api.read import is_known
from infra.edge.headers import SECURITY_HEADERS

START = "index.html"
READING = ("GET", "HEAD")
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
MEDIA_TYPES = {
    "": TEXT,  # such as LICENSE
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/markdown; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": TEXT,
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}


class PageFiles:
    """The files of a folder.

    Args:
        folder: it need not be there yet; then there is no file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, method: str, name: str, if_none_match: str) -> HttpResponse:
        """Return the answer for a file: 200, 304 where the client has it, 404, or 405 for a method that does not read.

        Args:
            name: the file's path in the folder; nothing is the start page.
            if_none_match: what the client has; nothing where it does not say.
        """
        if method not in READING:
            return _text(405, f"{method} is not allowed here", allow=", ".join(READING))
        file = self._files().get(name or START)
        if file is None:
            return _text(404, "There is no such file")
        content = file.read_bytes()
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {"cache-control": "no-cache", "etag": etag, **SECURITY_HEADERS}
        if is_known(if_none_match, etag):
            return HttpResponse(304, list(headers.items()), b"")
        headers["content-type"] = MEDIA_TYPES.get(file.suffix.lower(), BYTES)
        return HttpResponse(200, list(headers.items()), content)

    def _files(self) -> dict[str, Path]:
        """Return the files by their paths in the folder, without hidden ones."""
        found = {file.relative_to(self._folder): file for file in self._folder.rglob("*") if file.is_file()}
        return {
            name.as_posix(): file
            for name, file in found.items()
            if not any(part.startswith(".") for part in name.parts)
        }


def _text(status: int, text: str, **headers: str) -> HttpResponse:
    more = {"content-type": TEXT, "cache-control": "no-store", **headers, **SECURITY_HEADERS}
    return HttpResponse(status, list(more.items()), f"{text}\n".encode())
