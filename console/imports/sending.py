"""The rows of a checked file, sent in batches, each of which is in once, however often it is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from console.data.writers import Writer
from console.errors import INTERRUPTED, ConsoleError, NotDoneError
from console.imports.checking import Checker, batches
from console.imports.source import Source
from console.imports.state import ImportState, StateFile
from console.terminal import Advance
from console.wording import all_rows, are, rows
from handlers.domain.bookmark import Bookmark
from handlers.model.model import Draft


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
        self.state: ImportState = state
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
            bookmark = self._append(drafts)
            if bookmark.epoch != self.state.epoch and self.state.epoch:
                message = f"the ledger has left epoch {self.state.epoch} for {bookmark.epoch} meanwhile"
                raise ConsoleError(message, "see which rows the new history holds")
            if bookmark.seq <= self._head.seq:  # the answer to an earlier attempt
                self.known += len(drafts)
            self.state = self._file.save(self.state.after(len(drafts), bookmark))
            advance(len(drafts))

    def _append(self, drafts: Sequence[Draft]) -> Bookmark:
        """Send a batch; returns the bookmark after it. Of one that is refused, nothing is kept."""
        kept, before = self._file.load(), self.state
        self.state = self._file.save(before.sending())
        try:
            return Bookmark.parse(self._writer.append(self.state.key(), drafts))
        except NotDoneError:
            self.state = before
            self._file.put_back(kept)
            raise

    def _cut_short(self, error: ConsoleError | KeyboardInterrupt, command: str) -> ConsoleError:
        """Make the error that says how many rows are in: the same command goes on after them."""
        reason, code = (str(error), error.code) if isinstance(error, ConsoleError) else ("interrupted", INTERRUPTED)
        done, total = self.state.rows, self._total
        if done == total:
            return ConsoleError(f"{reason}; {all_rows(total)} in, but perhaps in no snapshot yet", command, code)
        is_doubtful = self.state.sent_at_s is not None
        if isinstance(error, NotDoneError) and not done and not is_doubtful:
            return error
        perhaps = ", and perhaps some of the next" if is_doubtful else ""
        return ConsoleError(f"{reason}; {done:,} of {rows(total)} {are(done)} in{perhaps}", command, code)
