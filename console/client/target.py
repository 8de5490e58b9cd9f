"""Which API a verb talks to: `--url`, else API_URL, else the selected stack's output, else the local stack."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Annotated

import typer

from console.paths import ROOT

LOCAL_URL = "http://127.0.0.1:8787"
PULUMI_TIMEOUT_S = 10.0

UrlOption = Annotated[
    str, typer.Option("--url", help="The API; default: API_URL, else the stack's output, else the local stack.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def api_url(given: str) -> str:
    """Return the API's address."""
    return given or os.environ.get("API_URL", "") or _stack_output() or LOCAL_URL


def _stack_output() -> str:
    """Return the output `api_url` of the selected stack; empty where there is no pulumi, no stack or no such output."""
    pulumi = shutil.which("pulumi")
    if pulumi is None:
        return ""
    command = [pulumi, "stack", "output", "api_url", "--non-interactive"]
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=ROOT, capture_output=True, text=True, timeout=PULUMI_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return answer.stdout.strip() if answer.returncode == 0 else ""
