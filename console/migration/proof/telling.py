"""A proof in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.migration.proof.comparison import TableProof
from console.migration.proof.differences import ColumnDifference, RowDifference
from console.migration.proof.parts import PARTS
from console.migration.shown import MOST_CHARACTERS, shown_value
from console.wording import rows, visible

WORDS = {"missing": "is missing", "extra": "is not in the source", "different": "differs"}


def proof_lines(proofs: Sequence[TableProof], most: int, *, is_hidden: bool) -> Iterator[str]:
    """Yield the proof line by line.

    Args:
        most: differing rows of one table.
        is_hidden: say of values only what they are and how long.
    """
    for proof in proofs:
        yield f"{visible(proof.target)}: {_outcome(proof)}"
        yield from (f"  {fault}" for fault in proof.form_faults)
        for difference in proof.differences[:most]:
            yield f"  {_difference(difference, is_hidden=is_hidden)}"
        unsaid = len(proof.differences) - most
        if unsaid > 0:
            yield f"  and {rows(unsaid)} more"


def proof_json(proofs: Sequence[TableProof], now: str, most: int, *, is_hidden: bool) -> dict[str, object]:
    """Return the proof for other programs."""
    return {
        "equal": all(proof.is_equal for proof in proofs),
        "now": now,
        "tables": [_table_json(proof, most, is_hidden=is_hidden) for proof in proofs],
    }


def _outcome(proof: TableProof) -> str:
    if proof.fault:
        return f"{proof.fault}, and should have {rows(proof.rows)}"
    if not proof.parts:
        equal = "its rows are equal, its form is not" if proof.form_faults else "equal"
        return f"{rows(proof.rows)}, checksum {proof.checksum}: {equal}"
    sides = f"{proof.rows:,} and {rows(proof.target_rows)}, checksums {proof.checksum} and {proof.target_checksum}"
    seen = "" if proof.examined == proof.parts else f", of which {proof.examined:,} were looked into"
    return f"{sides}: {len(proof.differences):,} differ, in {proof.parts:,} of {PARTS:,} parts{seen}"


def _difference(difference: RowDifference, *, is_hidden: bool) -> str:
    copies = f" {difference.copies} times" if difference.copies > 1 else ""
    key = ", ".join(_shown(value, is_hidden=is_hidden and not isinstance(value, int)) for value in difference.key)
    said = f"row {key} {WORDS[difference.how]}{copies}"
    columns = [_column(each, is_hidden=is_hidden) for each in difference.columns]
    return f"{said}: {'; '.join(columns)}" if columns else said


def _column(column: ColumnDifference, *, is_hidden: bool) -> str:
    start = 0 if is_hidden else _first_difference(column)
    source, target = (_shown(_from(value, start), is_hidden=is_hidden) for value in (column.source, column.target))
    where = f" from {'byte' if isinstance(column.source, bytes) else 'character'} {start + 1:,}" if start else ""
    return f"{visible(column.column)} is{where} {target}, not {source}"


def _table_json(proof: TableProof, most: int, *, is_hidden: bool) -> dict[str, object]:
    return {
        "table": proof.table,
        "target": proof.target,
        "equal": proof.is_equal,
        "fault": proof.fault or None,
        "form_faults": list(proof.form_faults),
        "rows": proof.rows,
        "target_rows": proof.target_rows,
        "checksum": proof.checksum or None,
        "target_checksum": proof.target_checksum or None,
        "differing_parts": proof.parts,
        "examined_parts": proof.examined,
        "differing_rows": len(proof.differences),
        "differences": [_row_json(each, is_hidden=is_hidden) for each in proof.differences[:most]],
    }


def _row_json(difference: RowDifference, *, is_hidden: bool) -> dict[str, object]:
    return {
        "key": [_shown(value, is_hidden=is_hidden) for value in difference.key],
        "how": difference.how,
        "copies": difference.copies,
        "columns": [_column_json(each, is_hidden=is_hidden) for each in difference.columns],
    }


def _column_json(column: ColumnDifference, *, is_hidden: bool) -> dict[str, object]:
    start = 0 if is_hidden else _first_difference(column)
    return {
        "column": column.column,
        "source": _shown(_from(column.source, start), is_hidden=is_hidden),
        "target": _shown(_from(column.target, start), is_hidden=is_hidden),
        "source_length": _length(column.source),
        "target_length": _length(column.target),
        "from": start,
    }


def _first_difference(column: ColumnDifference) -> int:
    """Return the place from which long values are shown: the first that differs, if it is far from their beginning."""
    source, target = column.source, column.target
    if not (isinstance(source, str | bytes) and isinstance(target, str | bytes)):
        return 0
    start = _common(source, target)
    return start if start > MOST_CHARACTERS // 2 and max(len(source), len(target)) > MOST_CHARACTERS else 0


def _common(source: Sequence[object], target: Sequence[object]) -> int:
    pairs = zip(source, target, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(source), len(target)))


def _from(value: object, start: int) -> object:
    return value[start:] if start and isinstance(value, str | bytes) else value


def _length(value: object) -> int | None:
    return len(value) if isinstance(value, str | bytes) else None


def _shown(value: object, *, is_hidden: bool) -> str:
    """Return a value of any kind as those of SQLite are shown: times and decimals by their text."""
    known = value if value is None or isinstance(value, int | float | str | bytes) else str(value)
    return shown_value(known, is_hidden=is_hidden)
