"""Which API a verb talks to: `--url`, else API_URL, else the selected stack's output, else the local stack.

The local stack leaves its address in its folder while it runs; without that it is looked for on its port.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from console.client.pulumi import ask_outputs
from console.errors import ConsoleError
from console.paths import URL_FILE, local_dir

DEFAULT_PORT = "8787"
CONNECT_TIMEOUT_S = 2.0
PULUMI_TIMEOUT_S = 10.0

UrlOption = Annotated[
    str, typer.Option("--url", help="The API; default: API_URL, else the stack's output, else the local stack.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def api_url(given: str) -> str:
    """Return the API's address. Raises ConsoleError where the local stack left one and does not answer there."""
    return given or os.environ.get("API_URL", "") or stack_output("api_url") or _local_url()


def stack_output(name: str) -> str:
    """Return an output of the selected stack; empty where there is no pulumi, no stack or no such output."""
    return _ask_pulumi(name)


def stack_outputs(stack: str) -> dict[str, Any]:
    """Return the outputs of a stack, or of the selected one; none where there is no pulumi, or no such stack."""
    return json.loads(_ask_pulumi("--json", stack=stack) or "{}")


def _ask_pulumi(*arguments: str, stack: str = "") -> str:
    try:
        answer = ask_outputs(*arguments, stack=stack, timeout_s=PULUMI_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer and answer.returncode == 0 else ""


def _local_url() -> str:
    """Return where the local stack says that it is, else where it is by default."""
    file = local_dir() / URL_FILE
    try:
        url = file.read_text().strip()
    except FileNotFoundError:
        return f"http://127.0.0.1:{os.environ.get('PORT') or DEFAULT_PORT}"
    _check_listening(url, file)
    return url


def _check_listening(url: str, file: Path) -> None:
    """Raise ConsoleError where nobody listens: a stack that was killed leaves its address behind."""
    try:
        parts = urlsplit(url)
        socket.create_connection((parts.hostname or "", parts.port or 0), CONNECT_TIMEOUT_S).close()
    except (OSError, ValueError) as error:
        message = f"the local stack does not answer any more at {url}, the address in {file}"
        raise ConsoleError(
            message,
            "start it again with `make serve`, name another API with --url, or set LOCAL_DIR to another's folder",
        ) from error
