"""A row of a file that was read: a draft, or refused, or nothing but a blank line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from handlers.imports.drafts import Made
    from handlers.imports.lines import FileLines, Position
    from handlers.model.model import Draft


class ReadRow(NamedTuple):
    """A row, or a blank line, which has neither a draft nor reasons.

    Attributes:
        line: in which it begins.
        end: the place after it; the file can be read on from there.
        size_bytes: of the draft in a body, or of the row in the file if that is more: so long does it take to read.
        reasons: why it is refused.
    """

    line: int
    end: Position
    draft: Draft | None
    size_bytes: int = 0
    reasons: tuple[str, ...] = ()

    @classmethod
    def from_record(cls, line: int, lines: FileLines, made: Made) -> ReadRow:
        """Return the row of the record that was just read."""
        return cls(line, lines.position, made.draft, max(made.size_bytes, lines.record_bytes), made.reasons)
