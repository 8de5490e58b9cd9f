"""A file put where the API allowed it: one request to S3, sent again if it gets lost."""

from __future__ import annotations

import math
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import httpx

from console.client.client import read_members
from console.client.failures import unexpected
from console.client.retry import Retry
from console.client.signing import LOOPBACK
from console.errors import ConsoleError
from console.imports.source import readable
from console.terminal import Advance

ATTEMPTS = 5
BLOCK_BYTES = 1 << 18
TIMEOUT = httpx.Timeout(60.0, connect=5.0)
# S3 asks to send these again. Source: Amazon S3 API Reference, "Error responses", list of error codes.
RETRIED_CODES = ("RequestTimeout", "OperationAborted")


@dataclass(frozen=True)
class AllowedUpload:
    """The request that puts a file. Whoever has the address may send it: it is never shown."""

    method: str
    url: str
    headers: Mapping[str, str]


def upload_of(response: httpx.Response) -> AllowedUpload:
    """Return the request that an answer allows. Raises ConsoleError."""
    content = read_members(response).get("upload")
    members = cast("dict[str, object]", content) if isinstance(content, dict) else {}
    headers = members.get("headers")
    if not (isinstance(headers, dict) and members.get("url") and members.get("method")):
        raise unexpected(response, "no upload")
    named = {str(name): str(value) for name, value in cast("dict[object, object]", headers).items()}
    return AllowedUpload(str(members["method"]), str(members["url"]), named)


def send_file(path: Path, upload: AllowedUpload, advance: Advance, command: str) -> None:
    """Send a file, block by block.

    Args:
        command: sends it again.

    Raises:
        ConsoleError: S3 refused it, or could not be reached.
    """
    host = httpx.URL(upload.url).host
    retry, attempts = Retry(math.inf), 1
    with httpx.Client(timeout=TIMEOUT, trust_env=host not in LOOPBACK) as http:
        while failure := _send_once(http, path, upload, advance):
            if not failure.is_temporary or attempts == ATTEMPTS:
                raise ConsoleError(f"the upload to {host} failed: {failure.words}; nothing is in", command)
            attempts += 1
            retry.pause()


@dataclass(frozen=True)
class _Failure:
    words: str
    is_temporary: bool


def _send_once(http: httpx.Client, path: Path, upload: AllowedUpload, advance: Advance) -> _Failure | None:
    """Send the file; returns what went wrong, None where nothing did."""
    body = _Blocks(path, advance)
    try:
        response = http.request(upload.method, upload.url, headers=upload.headers, content=body)
    except httpx.TransportError as error:
        failure = _Failure(str(error) or type(error).__name__, is_temporary=True)
    else:
        if response.is_success:
            return None
        code, message = (_element(response.text, name) for name in ("Code", "Message"))
        words = f"{response.status_code} {code or response.reason_phrase}{message and ': '}{message}"
        failure = _Failure(words, response.status_code >= 500 or code in RETRIED_CODES)
    advance(-body.sent_bytes)
    return failure


class _Blocks:
    """A file's blocks, counted as they are sent."""

    def __init__(self, path: Path, advance: Advance) -> None:
        self._path = path
        self._advance = advance
        self.sent_bytes = 0

    def __iter__(self) -> Generator[bytes]:
        with readable(self._path), self._path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block
                self.sent_bytes += len(block)
                self._advance(len(block))


def _element(text: str, name: str) -> str:
    """Return the text of an element of S3's XML; empty where there is none."""
    found = re.search(f"<{name}>([^<]*)</{name}>", text)
    return found[1] if found else ""
