from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.imports import cutting
from handlers.imports.csv_rows import read_names
from handlers.imports.formats import CSV, FORMATS
from handlers.imports.lines import BEGINNING, Position
from handlers.imports.rows import Chunk, chunks, read_rows
from handlers.routes import MAX_INSERT_ROWS
from tests.handlers.imports.files import MODEL, Dripping

# Lines of every kind: rows, wrong ones, blank ones, cells with lines' ends in them.
CSV_LINES = st.sampled_from(["a,1\n", "é,2\r\n", '"x\n""y""",3\n', "b,no\n", "c\n", "\n", " \r\n", f"{'z' * 900},\n"])
JSON_LINES = st.sampled_from(
    [
        '{"name": "a"}\n',
        '{"name": "é", "id": 1}\r\n',
        '{"name": 5}\n',
        "{\n",
        "\n",
        json.dumps({"name": "z" * 900}) + "\n",
    ]
)


def content_of(file_format: str, lines: list[str], is_ended: bool) -> bytes:
    text = ("name,stock\n" if file_format == CSV else "") + "".join(lines)
    return (text if is_ended else text.rstrip("\r\n")).encode()


def chunks_from(content: bytes, file_format: str, start: Position, sizes: list[int]) -> list[Chunk]:
    names = read_names(io.BytesIO(content)) if file_format == CSV and start != BEGINNING else ()
    return list(chunks(read_rows(Dripping(content[start.offset_bytes :], sizes), file_format, MODEL, start, names)))


@pytest.mark.parametrize("file_format", FORMATS)
@settings(max_examples=60)
@given(data=st.data())
def test_a_file_read_on_from_the_end_of_any_chunk_gives_the_chunks_that_follow(
    file_format: str, data: st.DataObject
) -> None:
    lines = data.draw(st.lists(CSV_LINES if file_format == CSV else JSON_LINES, max_size=25))
    content = content_of(file_format, lines, data.draw(st.booleans()))
    sizes = data.draw(st.lists(st.integers(1, 4000), min_size=1, max_size=3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "MAX_INSERT_ROWS", data.draw(st.integers(1, 6)))
        patch.setattr(cutting, "MOST_BATCH_BYTES", data.draw(st.sampled_from([1000, 2500, 100_000])))
        whole = chunks_from(content, file_format, BEGINNING, [1 << 18])
        for number, chunk in enumerate(whole, 1):
            assert chunks_from(content, file_format, chunk.end, sizes) == whole[number:]
    if whole:
        assert whole[-1].end.offset_bytes == len(content)
    rows = list(read_rows(io.BytesIO(content), file_format, MODEL))
    assert [draft for chunk in whole for draft in chunk.drafts] == [row.draft for row in rows if row.draft is not None]
    assert [row for chunk in whole for row in chunk.refused] == [row for row in rows if row.reasons]


@pytest.mark.parametrize(
    "line",
    [" " * 400_000 + "\n", '{"x": "' + "y" * 400_000 + '"}\n', '{"name": "a"' + " " * 400_000 + "}\n"],
    ids=["blank", "refused", "right"],
)
def test_a_chunk_has_no_more_of_the_file_than_a_request_of_rows(line: str) -> None:
    found = list(chunks(read_rows(io.BytesIO(line.encode() * 5), "ndjson", MODEL)))
    assert [chunk.end.lines for chunk in found] == [2, 4, 5]


@pytest.mark.parametrize("line", ["\n", '{"name": 5}\n', '{"name": "a"}\n'], ids=["blank", "refused", "right"])
def test_no_chunk_is_longer_than_a_request_whatever_its_lines_are(line: str) -> None:
    found = list(chunks(read_rows(io.BytesIO(line.encode() * 2001), "ndjson", MODEL)))
    assert [chunk.end.lines for chunk in found] == [MAX_INSERT_ROWS, 2 * MAX_INSERT_ROWS, 2001]
    counts = [len(chunk.drafts) + len(chunk.refused) for chunk in found]
    assert counts == ([0] * 3 if line == "\n" else [1000, 1000, 1])
