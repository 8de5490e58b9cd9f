"""Files put through `console import` and the API, in a process of its own with a data model that was proposed for them.

`python -m tests.support.local.imported '[[file, [options]], …]'` prints what the verb says, and in the last line
the rows that the API then has.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import httpx

from console import cli
from tests.support.api import Api

URL = "http://api.test"


def answering(api: Api) -> httpx.MockTransport:
    """The API as a place that an HTTP client can send to."""

    def answer(request: httpx.Request) -> httpx.Response:
        body = request.content.decode() or None
        headers: Mapping[str, str] = {name.lower(): value for name, value in request.headers.items()}
        made = api(request.method, request.url.path, body, headers, request.url.query.decode())
        return httpx.Response(made.status, headers=made.headers, content=made.text.encode())

    return httpx.MockTransport(answer)


def main() -> None:
    with patch("handlers.telemetry.log.print_line"):
        api = Api(os.environ)
    real = httpx.Client
    files: list[tuple[str, list[str]]] = json.loads(sys.argv[1])

    def client(**options: Any) -> httpx.Client:
        return real(**options, transport=answering(api))

    for file, options in files:
        with (
            patch("httpx.Client", client),
            patch.object(sys, "argv", ["console", "import", file, "--url", URL, *options]),
        ):
            assert cli.main() == 0
    print(json.dumps(api.get("/sqlite-tmp", "order=asc&limit=1000").json["data"]))


if __name__ == "__main__":
    main()
