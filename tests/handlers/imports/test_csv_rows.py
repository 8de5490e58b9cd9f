from __future__ import annotations

import io

import pytest

from handlers.imports.csv_rows import MOST_BLANK_LINES, read_names
from handlers.imports.faults import FileFaultError
from handlers.imports.lines import BLOCK_BYTES, MOST_RECORD_BYTES, Position
from tests.handlers.imports.files import fault, rows_of, said


def test_rows_have_the_line_in_which_they_begin_and_the_place_after_them() -> None:
    content = '\ufeffName,in-stock,id\r\n"a\r\n""b""",yes,1\r\n\r\nc\x00,,2'
    rows = rows_of(content, "csv")
    assert [(row.line, row.draft) for row in rows] == [
        (2, ('a\r\n"b"', 7, None, 1, None)),
        (4, None),  # a blank line
        (5, ("c\x00", 7, None, None, None)),
    ]
    last = len("\ufeff".encode()) - 1 + content.index("c\x00")
    assert [row.end for row in rows] == [Position(last - 2, 3), Position(last, 4), Position(last + 5, 5)]


def test_refused_rows_have_every_reason_with_its_column() -> None:
    rows = rows_of("name,stock,unit_price\na,1,2\nb,x,007\nc,1\n", "csv")
    assert said(rows) == [
        """3: column 'stock' (2): got "x", allowed: an integer of 64 bits""",
        """3: column 'unit_price' (3): got "007", allowed: a number that is 0 or has 1e-130 <= |x| < 1e126""",
        "4: has 2 cells, the line of names has 3",
    ]


def test_an_empty_cell_is_no_value_but_a_text_where_there_has_to_be_one() -> None:
    assert [row.draft for row in rows_of("name,stock\n,\n", "csv")] == [("", 7, None, None, None)]


def test_a_file_is_read_from_the_middle_with_the_names_of_its_beginning() -> None:
    content = "\n\nname,stock\na,1\nb,2\n"
    assert read_names(io.BytesIO(content.encode())) == ("name", "stock")
    (last,) = rows_of(content, "csv", Position(17, 4))
    assert (last.line, last.draft, last.end) == (5, ("b", 2, None, None, None), Position(21, 5))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "it is empty; its first line has to hold the names of the columns"),
        ("\n" * (MOST_BLANK_LINES + 1) + "name\na\n", "it begins with over 1,000 blank lines; remove them"),
        ("name,name\n", "two columns are called 'name'; rename one of them"),
        ("1,2\n", "its first line holds no names of columns, but values such as '1'; put a line with the columns' "
         "names before the rows"),
        ("name,,x y\n", "line 1: its columns match none of the data model's: column 2 '', column 3 'x y'; rename or "
         "remove them: name, stock, unit_price, in_stock, tags"),
        ("name;stock\n", "line 1: its columns match none of the data model's: column 1 'name;stock'; write commas "
         "between the cells, not ';'"),
        ("name,Name\n", "line 1: 'name' and 'Name' are both name; leave one out"),
        ("stock\n1\n", "line 1: it has no column for name, which every row needs; add it"),
        ('name\n"a"b\n', "line 2: this is not CSV: ',' expected after '\"'; mend the quotes of the row that begins "
         "there"),
        ('name\nx\n"a\nb\n', "line 3: this is not CSV: unexpected end of data; mend the quotes of the row that begins "
         "there"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_csv_of_the_model_is_told(content: str, text: str) -> None:
    assert fault(content, "csv") == text


def test_a_quote_that_is_left_open_does_not_take_the_whole_file() -> None:
    file = io.BytesIO(b'"a\n' + b"b,c\n" * 1_000_000)
    with pytest.raises(FileFaultError, match="line 1: the row that begins there has over 3,000,000 bytes"):
        read_names(file)
    assert file.tell() <= MOST_RECORD_BYTES + BLOCK_BYTES
