"""The output of the verbs: results on standard output, steps and progress on standard error.

All text is shown as it is: `:smile:` and `[red]` are data, not an emoji and a colour.
Where nobody watches (a pipe, a file) both are plain text, 100 columns wide.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Generator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from console.wording import three_digits

WIDTH = 100
STEP_WIDTH = 9  # of what stands before a step
STEP_INTERVAL_S = 1.5

Advance = Callable[[int], None]
Show = Callable[[str, int, int, str], None]


def results() -> Console:
    """Return where a verb's result goes."""
    return _console(is_error=False)


def messages() -> Console:
    """Return where everything else goes, so that a pipe behind standard output gets nothing but the result."""
    return _console(is_error=True)


def print_json(content: object) -> None:
    """Print a result for other programs."""
    print(json.dumps(content, indent=2))


def is_confirmed(question: str) -> bool:
    """Ask somebody at the terminal; only `y` or `yes` is one."""
    messages().print(f"{question} [y/N] ", end="", soft_wrap=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


@contextlib.contextmanager
def progress(
    title: str, total: int, interval_s: float = 5.0, unit: str = "rows", *, is_kept: bool = True
) -> Generator[Advance]:
    """Show how many rows are done, how many a second, and when the job ends; as lines of text where nobody watches.

    Args:
        title: what is being done.
        total: how many rows there are to do.
        interval_s: time between two lines of text.
        unit: what is counted, if not rows.
        is_kept: a terminal shows the bar when it is full, too.

    Yields:
        what to call with the number of rows just done.
    """
    console = messages()
    pace = _Pace(total, unit)
    if not console.is_terminal:
        yield _Lines(console, title, pace, interval_s).advance
        return
    columns = (BarColumn(), MofNCompleteColumn(), _column("{task.fields[speed]}"), TimeRemainingColumn())
    with Progress(_column("{task.description}"), *columns, console=console, transient=not is_kept) as bar:
        task = bar.add_task(title, total=total, speed="")

        def advance(count: int) -> None:
            pace.advance(count)
            bar.update(task, advance=count, speed=pace.speed)

        yield advance


@contextlib.contextmanager
def follow(interval_s: float = 5.0) -> Generator[Show]:
    """Show how far something is that is done elsewhere; as lines of text where nobody watches.

    Args:
        interval_s: time between two lines of text with the same title.

    Yields:
        what to call with a title, how much is done, of how much (0: nobody knows), and both in words.
    """
    console = messages()
    if not console.is_terminal:
        yield _Log(console, interval_s).show
        return
    said = _column("{task.fields[said]}")
    with Progress(_column("{task.description}"), BarColumn(), said, console=console, transient=True) as bar:
        task = bar.add_task("", total=None, said="")
        yield lambda title, done, total, said: bar.update(
            task, description=title, completed=done, total=total or None, said=said
        )


class Steps:
    """The log of what is done: a line for each step when it is done, with its duration; until then how far it is."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._notes: list[str] = []

    @contextlib.contextmanager
    def __call__(self, what: str, total: int = 0, unit: str = "rows") -> Generator[Advance]:
        """Carry out a step.

        Args:
            total: how many of a unit there are to do; 0 where nothing is counted.

        Yields:
            what to call with the number just done.
        """
        start_s = time.monotonic()
        title = " " * STEP_WIDTH + what.partition(", ")[0]
        counted = progress(title, total, STEP_INTERVAL_S, unit, is_kept=False)
        with counted if total else _waiting(self._console, what) as advance:
            yield advance
        note = f": {self._notes.pop()}" if self._notes else ""
        self._console.print(f"{time.monotonic() - start_s:5.1f} s  {what}{note}")

    def note(self, text: str) -> None:
        """Say what came of the step under way."""
        self._notes.append(text)


@contextlib.contextmanager
def _waiting(console: Console, title: str) -> Generator[Advance]:
    """Show a terminal that something goes on which cannot be counted."""
    with console.status(Text(title)):
        yield lambda _: None


class _Pace:
    """The number of those done, and their rate."""

    def __init__(self, total: int, unit: str) -> None:
        self.total = total
        self.unit = unit
        self.done = 0
        self._start_s = time.monotonic()

    def advance(self, count: int) -> None:
        self.done += count

    @property
    def per_second(self) -> float:
        return self.done / (time.monotonic() - self._start_s)

    @property
    def speed(self) -> str:
        return f"{three_digits(self.per_second)} {self.unit}/s"


class _Lines:
    """Progress as a line of text now and then."""

    def __init__(self, console: Console, title: str, pace: _Pace, interval_s: float) -> None:
        self._console = console
        self._title = title
        self._pace = pace
        self._interval_s = interval_s
        self._last_s = time.monotonic()

    def advance(self, count: int) -> None:
        self._pace.advance(count)
        pace = self._pace
        if time.monotonic() - self._last_s < self._interval_s or pace.done <= 0:  # what is sent again counts back
            return
        self._last_s = time.monotonic()
        remaining_s = (pace.total - pace.done) / pace.per_second
        line = f"{self._title}: {pace.done:,} of {pace.total:,} {pace.unit}, {pace.speed}, {remaining_s:.0f} s to go"
        self._console.print(line)


class _Log:
    """Lines of text on work that is done elsewhere: one now and then, and one whenever it is another step."""

    def __init__(self, console: Console, interval_s: float) -> None:
        self._console = console
        self._interval_s = interval_s
        self._title = ""
        self._last_s = 0.0

    def show(self, title: str, _done: int, _total: int, said: str) -> None:
        if title == self._title and time.monotonic() - self._last_s < self._interval_s:
            return
        self._title, self._last_s = title, time.monotonic()
        self._console.print(f"{title}: {said}" if said else title)


def _column(form: str) -> TextColumn:
    return TextColumn(form, markup=False)


def _console(*, is_error: bool) -> Console:
    console = Console(stderr=is_error, highlight=False, markup=False, emoji=False)
    console.width = min(WIDTH, console.width) if console.is_terminal else WIDTH
    return console
