"""The prompt: statements typed line by line until their semicolon, with a history that outlives it."""

from __future__ import annotations

import os
import readline
import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from console import terminal
from console.errors import ConsoleError
from handlers.model.column import quoted
from handlers.rows import MODEL

FIRST, NEXT = "sql> ", "...> "
HELP = """\
A statement ends with ; and may have several lines. It reads, and writes nothing.
.schema   the table and its columns
.help     this
.quit     leave; so does Ctrl-D
Ctrl-C drops what is typed, or the statement under way."""
LEAVING = (".quit", ".exit")
MOST_LINES = 1000  # of the history


class Prompt:
    """Reads statements and has them run.

    Args:
        run: runs a statement and shows what comes of it. Raises ConsoleError.
        read: reads a line after a prompt. Raises EOFError at the end.
    """

    def __init__(self, run: Callable[[str], None], read: Callable[[str], str] = input) -> None:
        self._run = run
        self._read = read
        self._typed = ""

    def loop(self) -> None:
        """Read and run until it is left."""
        while True:
            try:
                line = self._read(NEXT if self._typed else FIRST)
                if line.strip() in LEAVING or (not self._typed and f".{line.strip()}" in LEAVING):
                    return
                self._take(line)
            except EOFError:
                terminal.messages().print()
                return
            except KeyboardInterrupt:
                self._typed = ""
                terminal.messages().print()
            except ConsoleError as error:
                terminal.messages().print(f"Error: {error}", soft_wrap=True)

    def _take(self, line: str) -> None:
        if not self._typed and line.strip().startswith("."):
            terminal.messages().print(answer(line.strip()))
            return
        self._typed = f"{self._typed}\n{line}" if self._typed else line.lstrip()
        if sqlite3.complete_statement(self._typed):
            statement, self._typed = self._typed, ""
            self._run(statement)


def answer(command: str) -> str:
    """Return what a command of the prompt's own says."""
    if command == ".schema":
        kinds = {column.name: column.sql_type for column in MODEL.columns} | {"seq": "INTEGER"}
        columns = ",\n".join(f"  {quoted(name)} {kinds.get(name, 'TEXT')}" for name in MODEL.names)
        return f"{MODEL.sql_table} (\n{columns}\n)"
    return HELP if command == ".help" else f"There is no {command}; .help says what there is"


def history_path() -> Path:
    """Return where the history is kept: in the user's own folder for state."""
    folder = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(folder) / "lambda-sqlite" / "sql_history"


@contextmanager
def history(path: Path) -> Generator[None]:
    """Keep what is typed; nobody else may read it. Where it can't be kept, the prompt goes on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        readline.read_history_file(path)
    except OSError as error:
        terminal.messages().print(f"no history is kept: {error}", soft_wrap=True)
        yield
        return
    readline.set_history_length(MOST_LINES)
    try:
        yield
    finally:
        readline.write_history_file(path)
        path.chmod(0o600)
