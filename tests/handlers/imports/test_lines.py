from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.imports import lines as lines_module
from handlers.imports.faults import FileFaultError
from handlers.imports.lines import MOST_RECORD_BYTES, FileLines, Position
from tests.handlers.imports.files import Dripping, Endless

TEXTS = st.text(st.sampled_from(["a", "é", "💨", "\n", "\r", "\x00", "\u2028", "\x85"]), max_size=30).map(
    "ab".__add__
)  # so as not to begin as UTF-16 does


@given(text=TEXTS, sizes=st.lists(st.integers(1, 5), min_size=1, max_size=4))
def test_lines_are_the_same_however_the_bytes_come(text: str, sizes: list[int]) -> None:
    content = text.encode()
    lines = FileLines(Dripping(content, sizes))
    found: list[str] = []
    for line in lines:
        found.append(line)
        assert lines.position == Position(len("".join(found).encode()), len(found))
    assert found == list(io.StringIO(text, newline=""))


@given(text=TEXTS, at=st.integers(0, 30))
def test_what_is_read_from_the_end_of_a_line_is_the_rest(text: str, at: int) -> None:
    whole = list(FileLines(io.BytesIO(text.encode())))
    begun = whole[:at]
    start = Position(len("".join(begun).encode()), len(begun))
    rest = FileLines(io.BytesIO(text.encode()[start.offset_bytes :]), start)
    assert begun + list(rest) == whole
    assert rest.position == Position(len(text.encode()), len(whole))


def test_a_mark_of_byte_order_is_passed_over_at_the_very_beginning_alone() -> None:
    content = "\ufeffa\n\ufeffb\n".encode()
    lines = FileLines(io.BytesIO(content))
    assert list(lines) == ["a\n", "\ufeffb\n"]
    assert lines.position == Position(len(content), 2)


def test_bytes_that_are_no_utf_8_are_told_with_their_line() -> None:
    lines = FileLines(io.BytesIO(b"ok\nZ\xfcrich\n"), Position(100, 40))
    with pytest.raises(FileFaultError, match=r"line 42: this is not UTF-8 \(invalid start byte\); convert it") as error:
        list(lines)
    assert error.value.line == 42


@pytest.mark.parametrize("block", [b"x", b"x\n"], ids=["one line", "a record of many"])
def test_a_file_without_the_end_of_a_row_is_read_no_further_than_a_row_can_be_long(block: bytes) -> None:
    file = Endless(block)
    lines = FileLines(file, Position(10, 6))
    with pytest.raises(FileFaultError, match="line 7: the row that begins there has over 3,000,000 bytes"):
        for _ in lines:
            pass
    assert file.given_bytes <= MOST_RECORD_BYTES + lines_module.BLOCK_BYTES


def test_each_record_may_be_as_long_as_the_longest() -> None:
    line = "x" * (MOST_RECORD_BYTES - 1) + "\n"
    lines = FileLines(io.BytesIO((line * 3).encode()))
    numbers = [lines.begin_record()]
    for _ in lines:
        numbers.append(lines.begin_record())
    assert numbers == [1, 2, 3, 4]


def test_a_long_beginning_is_looked_at_before_it_is_called_a_long_row() -> None:
    with pytest.raises(FileFaultError, match="this is gzip"):
        list(FileLines(Endless(b"\x1f\x8b\x00\x01")))


def test_an_array_in_one_line_is_told_with_the_way_to_lines() -> None:
    with pytest.raises(FileFaultError, match=r"line 1: .* and no row has; write an object a line instead"):
        list(FileLines(Endless(b'[{"a": 1},')))
