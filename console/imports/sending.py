"""The rows of a checked file, sent in batches, each of which is in once, however often it is sent."""

from __future__ import annotations

from dataclasses import replace

from console.data.writers import Writer
from console.errors import INTERRUPTED, ConsoleError, NotDoneError
from console.imports.checking import Checker, batches
from console.imports.source import Source
from console.imports.state import ImportState, StateFile
from console.terminal import Advance
from handlers.domain.bookmark import Bookmark


class Sending:
    """The rows of a checked file on their way.

    Args:
        state: how far an earlier attempt came.
        file: where that is kept.
        head: of the ledger, before the first batch of this attempt.
        total: how many rows there are to send.

    Attributes:
        known: how many rows were in before.
        snapshot: with the last row.
    """

    def __init__(self, writer: Writer, file: StateFile, state: ImportState, head: Bookmark, total: int) -> None:
        self._writer = writer
        self._file = file
        self._head = head
        self._total = total
        self.state = state
        self.known = state.rows
        self.snapshot: str | None = None

    def run(self, source: Source, checker: Checker, advance: Advance, command: str) -> None:
        """Send what is not in, and publish.

        Args:
            command: goes on with it, if it is cut short.

        Raises:
            ConsoleError: it was cut short; says how many rows are in.
        """
        try:
            self._send(source, checker, advance)
            self.snapshot = self._writer.publish()
        except (ConsoleError, KeyboardInterrupt) as error:
            raise self._cut_short(error, command) from error
        self.state = self._file.save(replace(self.state, is_complete=True))

    def _send(self, source: Source, checker: Checker, advance: Advance) -> None:
        done = self.state.batches
        for number, drafts in enumerate(batches(checker.rows())):
            if number < done:
                continue
            source.check_unchanged()
            self.state = self._file.save(self.state.sending())
            bookmark = Bookmark.parse(self._writer.append(self.state.key(), drafts))
            if bookmark.epoch != self.state.epoch and self.state.epoch:
                message = f"the ledger has left epoch {self.state.epoch} for {bookmark.epoch} meanwhile"
                raise ConsoleError(message, "see which rows the new history holds")
            if bookmark.seq <= self._head.seq:  # the answer to an earlier attempt
                self.known += len(drafts)
            self.state = self._file.save(self.state.after(len(drafts), bookmark))
            advance(len(drafts))

    def _cut_short(self, error: ConsoleError | KeyboardInterrupt, command: str) -> ConsoleError:
        """Make the error that says how many rows are in: the same command goes on after them."""
        reason, code = (str(error), error.code) if isinstance(error, ConsoleError) else ("interrupted", INTERRUPTED)
        if self.state.rows == self._total:
            return ConsoleError(
                f"{reason}; all {self._total:,} rows are in, but perhaps in no snapshot yet", command, code
            )
        if isinstance(error, NotDoneError) and not self.state.rows:
            return error
        is_doubtful = self.state.sent_at_s is not None and not isinstance(error, NotDoneError)
        perhaps = ", and perhaps some of the next" if is_doubtful else ""
        return ConsoleError(f"{reason}; {self.state.rows:,} of {self._total:,} rows are in{perhaps}", command, code)
