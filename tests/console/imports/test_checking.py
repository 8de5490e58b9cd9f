from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.imports.checking import Checked, batches
from console.imports.source import FileRow
from handlers.domain.timestamps import EXACT_TIME_ALLOWED
from tests.console.imports.conftest import (
    GOOD,
    MODEL,
    WRITERS,
    Fields,
    checked_rows,
    reasons,
    write_csv,
    write_ndjson,
)

LETTERS = st.characters(codec="utf-8")
TEXTS = st.text(LETTERS, min_size=1, max_size=20)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.booleans(), st.integers(-(2**63), 2**63), TEXTS, st.none()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
DOUBLES = st.one_of(st.just(0.0), st.floats(1e-130, 9e125), st.floats(-9e125, -1e-130))
TIMES = st.datetimes().map(lambda moment: moment.isoformat(timespec="microseconds") + "Z")
ROWS = st.fixed_dictionaries(
    {"name": TEXTS, "stock": st.integers(-(2**63), 2**63 - 1), "in_stock": st.booleans()},
    optional={
        "note": TEXTS,
        "price": DOUBLES,
        "seen_at": TIMES,
        "tags": st.one_of(st.lists(VALUES, max_size=3), st.dictionaries(TEXTS, VALUES, max_size=3)),
    },
)


@pytest.mark.parametrize("suffix", WRITERS)
@settings(max_examples=20)
@given(rows=st.lists(ROWS, min_size=1, max_size=4))
def test_what_is_written_to_a_file_comes_back_as_the_same_drafts(suffix: str, rows: list[Fields]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"things{suffix}")
        WRITERS[suffix](path, rows)
        found = checked_rows(path)
    assert [each.reasons for each in found] == [()] * len(rows)
    assert [each.draft for each in found] == [MODEL.parse_draft(row, "")[0] for row in rows]


def test_every_wrong_value_of_a_row_is_complained_about_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    lines = [
        "name,note,stock,price,in_stock,seen_at,tags",
        "a,,1,,yes,,",
        '"two\r\nlines",,1.0,007,maybe,2026-02-30 00:00:00,{',
        "",
        "a,,1,,yes,,",
        "b,,99999999999999999999,1e200,,,",
    ]
    path.write_text("\r\n".join(lines), newline="")
    assert reasons(path) == [
        """3: column 'stock' (3): got "1.0", allowed: an integer of 64 bits""",
        """3: column 'price' (4): got "007", allowed: a number that is 0 or has 1e-130 <= |x| < 1e126""",
        """3: column 'in_stock' (5): got "maybe", allowed: true or false""",
        """3: column 'tags' (7): got "{", allowed: JSON of at most 10000 bytes, nested at most 100 deep""",
        """3: column 'seen_at' (6): got "2026-02-30T00:00:00Z", allowed: """ + EXACT_TIME_ALLOWED,
        """7: column 'stock' (3): got 99999999999999999999, allowed: an integer of 64 bits""",
        """7: column 'price' (4): got 1e+200, allowed: a number that is 0 or has 1e-130 <= |x| < 1e126""",
        """7: column 'in_stock' (5): got null, allowed: true or false""",
    ]


def test_an_empty_cell_is_the_default_or_null_and_an_empty_text_where_there_has_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    path.write_text("name,note,stock,price,in_stock,seen_at,tags\n,,, ,1, ,\n")
    (found,) = checked_rows(path)
    assert found.draft == ("", None, 7, None, 1, None, None)


def test_json_is_typed_already(tmp_path: Path) -> None:
    path = tmp_path / "things.ndjson"
    wrong = GOOD | {"stock": "1", "price": "1", "in_stock": 1, "name": 5}
    write_ndjson(path, [GOOD, wrong, GOOD | {"tags": "text", "stock": 4.0, "seen_at": "2026-01-01 10:00"}])
    assert [reason.partition(",")[0] for reason in reasons(path)] == [
        "2: column 'name': got 5",
        """2: column 'stock': got "1\"""",
        """2: column 'price': got "1\"""",
        "2: column 'in_stock': got 1",
    ]
    last = checked_rows(path)[2].draft
    assert last is not None
    assert (last[2], last[5], last[6]) == (4, "2026-01-01T10:00:00.000000Z", '"text"')


def test_a_number_never_loses_digits(tmp_path: Path) -> None:
    for suffix, writer in WRITERS.items():
        path = tmp_path / f"things{suffix}"
        writer(path, [GOOD | {"price": 2**53}, GOOD | {"price": 2**53 + 1}])
        assert [bool(each.reasons) for each in checked_rows(path)] == [False, True]


def test_half_of_a_character_is_told(tmp_path: Path) -> None:
    path = tmp_path / "things.ndjson"
    write_ndjson(path, [GOOD | {"name": "\ud800"}, GOOD | {"tags": {"a": "\udc00"}}])
    assert [reason.partition(":")[0] for reason in reasons(path)] == ["1", "2"]


def test_a_semicolon_and_a_mark_of_byte_order(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    write_csv(path, [GOOD], delimiter=";", encoding="utf-8-sig")
    (found,) = checked_rows(path, delimiter=";")
    assert found.draft == MODEL.parse_draft(GOOD, "")[0]


def checked(size_bytes: int, draft: tuple[int, ...] | None = (1,)) -> Checked:
    return Checked(FileRow(1, {}), draft, size_bytes)


def test_rows_that_are_refused_are_in_no_batch() -> None:
    rows = [checked(1), checked(0, None), checked(1, (2,))]
    assert list(batches(rows)) == [[(1,), (2,)]]
