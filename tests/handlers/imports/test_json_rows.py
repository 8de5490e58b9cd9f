from __future__ import annotations

import io
import json
from random import Random

import pytest

from handlers.imports.lines import Position
from handlers.imports.rows import read_rows
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model
from tests.handlers.imports.files import fault, rows_of, said

ALLOWED = "allowed: only name, stock, unit_price, in_stock, tags"


def test_rows_have_their_line_and_the_place_after_them() -> None:
    content = '\ufeff{"name": "é", "tags": [1]}\r\n \n{"name": "b", "stock": null}'
    rows = rows_of(content, "ndjson")
    assert [(row.line, row.draft) for row in rows] == [
        (1, ("é", 7, None, None, "[1]")),
        (2, None),  # a blank line
        (3, ("b", 7, None, None, None)),
    ]
    ends = [len(content[: content.index(line)].encode()) for line in (" \n", '{"name": "b"')]
    assert [row.end for row in rows] == [*map(Position, ends, (1, 2)), Position(len(content.encode()), 3)]


def test_what_a_draft_gives_as_json_is_read_as_the_same_draft() -> None:
    model = Model(
        "all",
        *[kind(f"a_{kind.kind}", required=False) for kind in (Boolean, Integer, Json, Number, Text, Timestamp)],
        Number("large", minimum=2**53, maximum=2**60),
    )
    drafts = [model.random_draft(Random(number)) for number in range(50)]
    drafts.append((None, None, None, None, None, None, float(2**53 + 2)))
    lines = "".join(json.dumps(model.draft_fields(draft)) + "\n" for draft in drafts)
    assert [row.draft for row in read_rows(io.BytesIO(lines.encode()), "ndjson", model)] == drafts


def test_names_match_but_for_case_and_what_the_ledger_gives_is_passed_over() -> None:
    exported = {"seq": 5, "id": "01", "Name": "a", "unit price": 2, "created_at": "2026"}
    assert [row.draft for row in rows_of(json.dumps(exported), "ndjson")] == [("a", 7, 2.0, None, None)]


def test_refused_rows_have_every_reason() -> None:
    lines = [
        '{"name": 5, "in_stock": 1}',
        "{",
        "7",
        '{"name": "a", "name": "b"}',
        '{"name": "a", "colour": "red", "size": {"x": 1}}',
        '{"name": "a", "Name": "b"}',
        '{"stock": 1}',
        '{"name": "\\ud800"}',
        '{"name": NaN}',
    ]
    assert said(rows_of("\n".join(lines), "ndjson")) == [
        "1: column 'name': got 5, allowed: a text of 0 to 1000 characters",
        "1: column 'in_stock': got 1, allowed: true or false",
        "2: is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        "3: is no JSON object",
        "4: is not JSON: a name stands twice in one object",
        f'5: colour: got "red", {ALLOWED}',
        f'5: size: got {{"x": 1}}, {ALLOWED}',
        "6: 'name' and 'Name' are both name",
        "7: column 'name': got null, allowed: a text of 0 to 1000 characters",
        "8: column 'name': got \"\\ud800\", allowed: a text of 0 to 1000 characters",
        "9: is not JSON: NaN is not a JSON number",
    ]


def test_of_many_unknown_names_the_first_are_told() -> None:
    (row,) = rows_of(json.dumps({"name": "a"} | dict.fromkeys(map(str, range(1025)), 1)), "ndjson")
    assert len(row.reasons) == 21
    assert row.reasons[-1] == "1,005 more names match no column"


def test_an_object_nested_beyond_all_reason_is_refused() -> None:
    assert said(rows_of('{"tags": ' + "[" * 100_000, "ndjson")) == ["1: is not JSON: nested too deeply"]


@pytest.mark.parametrize("content", ['[{"name": "a"}]\n', '\n[\n {"name": "a"}\n]\n'], ids=["a line", "several"])
def test_an_array_is_told_with_the_way_to_lines(content: str) -> None:
    assert fault(content, "ndjson").endswith(
        "this is no NDJSON: it begins an array; write an object a line instead, such as with: jq -c '.[]'"
    )


def test_an_array_in_the_middle_is_a_refused_row() -> None:
    content = '{"name": "a"}\n[1]\n'
    assert said(rows_of(content, "ndjson")) == ["2: is no JSON object"]
    assert said(rows_of(content, "ndjson", Position(14, 1))) == ["2: is no JSON object"]
