"""The text of a rows.py: what a person then edits, with what was seen beside each column."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence

from console.proposals.columns import Proposed, is_key
from console.proposals.survey import MOST_DISTINCT, PROBES, Facts, Surveyed
from console.wording import joined, rows
from handlers.imports.names import GIVEN_BY_THE_LEDGER

WIDTH = 120
CHOICE_CHARACTERS = 40
INDENT = "    "
LETTERS = "".join(filter(str.isalpha, map(chr, range(0xC0, 0x100))))  # what a linter takes for no other letter


def model_text(file: str, table: str, surveyed: Surveyed, columns: Sequence[Proposed]) -> str:
    """Return the whole file.

    Args:
        file: its name, for the first line.
        table: the table's name.
    """
    types = sorted({type(PROBES[column.facts.kind]).__name__ for column in columns})
    module = type(PROBES["text"]).__module__
    lines = [
        *_docstring(file, surveyed),
        "from __future__ import annotations",
        "",
        *_import_lines(module, types),
        "from handlers.model.model import Model",
        "",
        "MODEL = Model(",
        f"{INDENT}{json.dumps(table)},",
    ]
    for column in columns:
        lines += [*_comment(_said(column, surveyed.rows)), *_declaration(column)]
    left_out = [facts for facts in surveyed.columns if facts not in [column.facts for column in columns]]
    for facts in left_out:
        reason = _left_out_for(facts)
        lines += _comment(f"Left out: '{plain(facts.name)}', {reason}.")
    return "\n".join([*lines, ")", ""])


def _left_out_for(facts: Facts) -> str:
    if facts.name in GIVEN_BY_THE_LEDGER:
        return "every row gets its own from the ledger"
    return "there are too many columns" if facts.kind else "BLOBs, which no column takes"


def _docstring(file: str, surveyed: Surveyed) -> Iterator[str]:
    said = f"The data model that `console model` proposes for {rows(surveyed.rows)} of {plain(file)}: read and edit it."
    yield '"""' + textwrap.shorten(said.replace("\\", "/").replace('"', "'"), WIDTH - len('"""'))
    yield ""
    yield f"Every row has {joined(GIVEN_BY_THE_LEDGER)} beside these. docs/your-data.md says what a column can be."
    yield '"""'
    yield ""


def plain(text: str) -> str:
    """Return a text with escapes for what is neither ASCII nor one of western Europe's letters."""
    return "".join(
        each if each.isprintable() and (each.isascii() or each in LETTERS) else ascii(each)[1:-1] for each in text
    )


def _import_lines(module: str, types: Sequence[str]) -> list[str]:
    return [f"from {module} import {', '.join(types)}"]


def _declaration(column: Proposed) -> list[str]:
    call = type(PROBES[column.facts.kind]).__name__
    options = {"text": [f"max_length={column.limit}"], "json": [f"max_bytes={column.limit}"]}.get(column.facts.kind, [])
    options += [] if column.is_required else ["required=False"]
    if column.is_statistics:
        options.append("statistics=True")
    elif column.reason:
        options.append("filter=True")
    arguments = ", ".join([json.dumps(column.name), *options])
    line = f"{INDENT}{call}({arguments}),"
    return [line] if len(line) <= WIDTH else [f"{INDENT}{call}(", f"{INDENT * 2}{arguments}", f"{INDENT}),"]


def _comment(text: str) -> list[str]:
    start = f"{INDENT}# "
    return textwrap.wrap(text, WIDTH, initial_indent=start, subsequent_indent=start, break_on_hyphens=False)


def _said(column: Proposed, seen: int) -> str:
    """Return what was seen in a column, and what was decided."""
    facts = column.facts
    parts = [f"'{plain(facts.name)}'"] if facts.name != column.name else []
    parts += [_size(facts), _count(facts, seen)]
    if facts.nulls and facts.values:
        parts.append(f"{facts.nulls:,} without a value")
    said = [", ".join(filter(None, parts)) + "."]
    if column.is_statistics:
        said.append("The statistics are about it, and it can be filtered.")
    elif column.reason:
        said.append(f"A filter: {column.reason}.")
    return " ".join([*said, *_advice(column)])


def _size(facts: Facts) -> str:
    if not facts.values:
        return "no value in any row"
    if facts.kind == "text":
        return f"{_span(f'{facts.low:,}', f'{facts.high:,}')} character{'s' if facts.high != 1 else ''}"
    if facts.kind == "json":
        return f"up to {facts.high:,} bytes"
    return "true and false" if facts.kind == "boolean" else _span(str(facts.low), str(facts.high))


def _span(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"


def _count(facts: Facts, seen: int) -> str:
    if not facts.distinct or facts.kind == "boolean":
        return ""
    more = "over " if facts.distinct == MOST_DISTINCT else ""
    return f"{more}{facts.distinct:,} distinct in {rows(seen)}"


def _advice(column: Proposed) -> Iterator[str]:
    """Yield what a person may want to add: limits that refuse a row are never proposed by what happens to be there."""
    facts = column.facts
    if facts.stray:
        yield f"{plain(facts.stray)}."
    if len(facts.choices) > 1 and facts.high <= CHOICE_CHARACTERS and facts.values > len(facts.choices) ** 2:
        yield f"To take no others: choices={plain(json.dumps(facts.choices, ensure_ascii=False))}."
    if facts.is_flag:
        yield "Only 0 and 1: it may be a Boolean."
    if facts.kind in ("number", "integer") and not facts.is_flag and not is_key(facts) and facts.low >= 0:
        yield "Nothing negative: minimum=0 would keep it so."
    if column.limit and column.limit < facts.high:
        yield "LONGER ONES ARE REFUSED: a row ends at 390 KB."
