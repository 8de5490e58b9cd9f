"""A proof in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.migration.proof.comparison import TableProof
from console.migration.proof.differences import RowDifference
from console.migration.proof.parts import PARTS
from console.migration.shown import shown_value
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
    if proof.is_equal:
        return f"{rows(proof.rows)}, checksum {proof.checksum}: equal"
    sides = f"{proof.rows:,} and {rows(proof.target_rows)}, checksums {proof.checksum} and {proof.target_checksum}"
    seen = "" if proof.examined == proof.parts else f", of which {proof.examined:,} were looked into"
    return f"{sides}: {len(proof.differences):,} differ, in {proof.parts:,} of {PARTS:,} parts{seen}"


def _difference(difference: RowDifference, *, is_hidden: bool) -> str:
    copies = f" {difference.copies} times" if difference.copies > 1 else ""
    key = ", ".join(_shown(value, is_hidden=is_hidden and not isinstance(value, int)) for value in difference.key)
    said = f"row {key} {WORDS[difference.how]}{copies}"

    def shown(value: object) -> str:
        return _shown(value, is_hidden=is_hidden)

    columns = [
        f"{visible(each.column)} is {shown(each.target)}, not {shown(each.source)}" for each in difference.columns
    ]
    return f"{said}: {'; '.join(columns)}" if columns else said


def _table_json(proof: TableProof, most: int, *, is_hidden: bool) -> dict[str, object]:
    def shown(value: object) -> str:
        return _shown(value, is_hidden=is_hidden)

    return {
        "table": proof.table,
        "target": proof.target,
        "equal": proof.is_equal,
        "fault": proof.fault or None,
        "rows": proof.rows,
        "target_rows": proof.target_rows,
        "checksum": proof.checksum or None,
        "target_checksum": proof.target_checksum or None,
        "differing_parts": proof.parts,
        "examined_parts": proof.examined,
        "differing_rows": len(proof.differences),
        "differences": [
            {
                "key": [shown(value) for value in difference.key],
                "how": difference.how,
                "copies": difference.copies,
                "columns": [
                    {"column": each.column, "source": shown(each.source), "target": shown(each.target)}
                    for each in difference.columns
                ],
            }
            for difference in proof.differences[:most]
        ],
    }


def _shown(value: object, *, is_hidden: bool) -> str:
    """Return a value of any kind as those of SQLite are shown: times and decimals by their text."""
    known = value if value is None or isinstance(value, int | float | str | bytes) else str(value)
    return shown_value(known, is_hidden=is_hidden)
