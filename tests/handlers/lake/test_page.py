from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.domain.hashes import content_hash, hash_text
from handlers.lake.page import LakePage, last_of, packed, unpacked
from handlers.model.columns import Boolean, Integer, Json, Number, Text, Timestamp
from handlers.model.model import Model, Row
from handlers.rows import MODEL
from tests.support.drafts import draft
from tests.support.files import make_rows

KINDS = Model(
    "kinds",
    Text("text", required=False),
    Number("number"),
    Integer("integer"),
    Boolean("flag"),
    Timestamp("moment"),
    Json("anything"),
)


def row(seq: int, number: int) -> Row:
    return MODEL.row_of(seq, f"{number:026d}", draft(number), "2026-01-01T00:00:00.000Z")


@settings(max_examples=50)
@given(first=st.integers(1, 10**12), numbers=st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_page_is_a_pure_function_of_its_rows(first: int, numbers: list[int]) -> None:
    rows = [row(seq, number) for seq, number in enumerate(numbers, first)]
    page = LakePage.from_rows(17, rows)
    assert LakePage.from_rows(17, list(rows)) == page
    seqs, texts = unpacked(page.content)
    assert (seqs, texts) == ([each[0] for each in rows], MODEL.json_texts(rows))
    assert page.metadata == {
        "rows": str(len(rows)),
        "first": str(first),
        "last": str(first + len(rows) - 1),
        "columns": str(MODEL.rows_version),
        f"hash-{MODEL.rows_version}": hash_text(content_hash(0, seqs, texts)),
    }


def test_a_page_is_named_by_its_root_and_its_number_in_the_table() -> None:
    assert LakePage.from_rows(17, [row(1000, 1)]).key == "lake/root=17/page=0.ndjson.gz"
    assert LakePage.from_rows(23, [row(1001, 1)]).key == "lake/root=23/page=1.ndjson.gz"


def test_a_line_is_the_row_of_every_answer_with_its_number_in_front() -> None:
    rows = make_rows(3)
    lines = gzip.decompress(LakePage.from_rows(17, rows).content).decode().splitlines()
    assert [json.loads(line) for line in lines] == [{"seq": each[0], **MODEL.shown(each)} for each in rows]
    assert lines == ['{"seq":' + str(each[0]) + "," + MODEL.json_text(each)[1:] for each in rows]


def test_the_header_of_the_gzip_has_no_time_no_name_and_no_system() -> None:
    header = packed([1], ["{}"])[:10]
    assert header == bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255])


def test_every_kind_of_column_has_the_json_that_its_type_in_glue_reads() -> None:
    values = KINDS.row_of(1, "id", (None, 1e-7, -(2**63), 1, "2026-01-01T00:00:00.000000Z", '{"a":[1,null]}'), "now")
    (line,) = gzip.decompress(packed([1], KINDS.json_texts([values]))).decode().splitlines()
    assert line == (
        '{"seq":1,"id":"id","text":null,"number":1e-07,"integer":-9223372036854775808,"flag":true,'
        '"moment":"2026-01-01T00:00:00.000000Z","anything":{"a":[1,null]},"created_at":"now"}'
    )


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\x85", "\x0b", "\x1e", "\r", "\n"], ids=ascii)
def test_whatever_a_text_holds_a_row_is_one_line(separator: str) -> None:
    texts = KINDS.json_texts([KINDS.row_of(seq, "id", (separator, 1.0, 1, 1, "t", "[]"), "now") for seq in (1, 2)])
    content = packed([1, 2], texts)
    assert unpacked(content) == ([1, 2], texts)
    raw = gzip.decompress(content)
    assert (raw.count(b"\n"), raw.count(b"\r")) == (2, 0)


def test_during_a_change_of_columns_a_page_has_a_hash_by_either(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Model("cities", Integer("size"))
    model = Model("cities", Integer("size"), Text("name", default="none"), replaces=before)
    monkeypatch.setattr("handlers.lake.page.MODEL", model)
    rows = [model.row_of(seq, f"{seq:026d}", (seq, "Ulm"), "2026-01-01T00:00:00.000Z") for seq in (1, 2)]
    metadata = LakePage.from_rows(17, rows).metadata
    old = [before.row_of(each[0], each[1], (each[2],), each[-1]) for each in rows]
    assert metadata["columns"] == str(model.rows_version)
    for version, texts in ((model, model.json_texts(rows)), (before, before.json_texts(old))):
        assert metadata[f"hash-{version.rows_version}"] == hash_text(content_hash(0, [1, 2], texts))


@pytest.mark.parametrize(
    ("metadata", "last"), [({"last": "650"}, 650), ({}, 0), ({"last": "ten"}, 0), ({"last": "²"}, 0)]
)
def test_an_object_of_somebody_else_holds_nothing(metadata: dict[str, str], last: int) -> None:
    assert last_of(metadata) == last
