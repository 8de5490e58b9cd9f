"""Command lines of the console, taken at their word: whether they could be typed."""

from __future__ import annotations

import contextlib
import io
import shlex
from typing import Any

import typer
from typer.main import get_command

from console.cli import app
from console.paths import PROGRAM


def check_command(line: str) -> None:
    """Parse what follows the program's name as the console would, and run nothing. Raises what typer raises."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            _parse(get_command(app), "console", shlex.split(line))
    except typer.Exit as ended:  # --help
        assert ended.exit_code == 0


def _parse(command: Any, name: str, arguments: list[str], parent: Any = None) -> None:
    with command.make_context(name, arguments, parent=parent) as context:
        if hasattr(command, "resolve_command"):
            name, verb, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            _parse(verb, name, rest, context)


def check_hints(printed: str) -> None:
    """Check every command that errors tell to try."""
    for line in printed.splitlines():
        if line.startswith(f"Try: {PROGRAM}"):
            check_command(line.removeprefix(f"Try: {PROGRAM}"))
