from __future__ import annotations

import gzip
import sqlite3
import tracemalloc
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.imports.files import open_source
from console.imports.source import FileRow
from tests.console.imports.conftest import GOOD, WRITERS


def found(path: Path, **options: str) -> list[FileRow]:
    with open_source(path, **options) as source:
        rows = list(source.rows())
        assert source.position == source.total
        assert list(source.rows()) == rows  # from the first again
        return rows


def refusal(path: Path, content: str | bytes | None = None, **options: str) -> str:
    """Why a file cannot be read."""
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConsoleError) as error:
        found(path, **options)
    return str(error.value).removeprefix(str(path)).lstrip(":, ")


# CSV


def test_a_row_of_csv_is_found_by_the_line_in_which_it_begins(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfa,"b ""c"""\r\n\r\n"1\r\n\r\n2",\r\n\n3,4')
    assert found(path) == [FileRow(3, {"a": "1\r\n\r\n2", 'b "c"': None}), FileRow(7, {"a": "3", 'b "c"': "4"})]


def test_a_row_with_other_cells_than_names_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1\n1,2,3\n")
    assert [(row.place, row.raw, row.fault) for row in found(path)] == [
        (2, ["1"], "has 1 cells, the line of names has 2"),
        (3, ["1", "2", "3"], "has 3 cells, the line of names has 2"),
    ]


def test_tabs_and_other_delimiters(tmp_path: Path) -> None:
    row = FileRow(2, {"a": "1,5", "b": "x"})
    for name, sign, options in (
        ("a.tsv", "\t", {}),
        ("a.csv", ";", {"delimiter": ";"}),
        ("a.csv", "\t", {"delimiter": "\\t"}),
    ):
        path = tmp_path / name
        path.write_text(f"a{sign}b\n1,5{sign}x\n")
        assert found(path, **options) == [row]


def test_columns_without_a_name_get_one(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(",a, \n0,1,2\n")
    with open_source(path) as source:
        assert source.names == ("column 1", "a", "column 3")
        assert source.column("a") == "column 'a' (2)"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it is empty"),
        ("a,b,a\n1,2,3\n", "two columns are called 'a'"),
        ("1,2\n3,4\n", "its first line holds no names of columns, but values such as '1'"),
        ("x,2.5\n", "its first line holds no names of columns, but values such as '2.5'"),
        ('a,b\n1,2\n"x\ny"z,3\n', "line 3: this is not CSV: ',' expected after '\"'"),
        ('a,b\n1,2\n"x,3\n4,5\n', "line 3: this is not CSV: unexpected end of data"),
        (b"a\nok\nZ\xfcrich\n", "line 3: this is not UTF-8 (invalid start byte)"),
        ("a\n" + "x" * 1_000_001, "line 2: this is not CSV: field larger than field limit (1000000)"),
    ],
)
def test_a_file_that_is_no_csv_with_names_is_told(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert refusal(tmp_path / "a.csv", content) == said


def test_names_may_be_years(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("country,2025,2026\nCH,1,2\n")
    assert found(path) == [FileRow(2, {"country": "CH", "2025": "1", "2026": "2"})]


# JSON


def test_a_line_that_is_no_object_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('\ufeff{"a": 1}\r\n\n{"b": null, "a": 2}\n[1]\n{"a": NaN}\n{')
    rows = found(path)
    assert [(row.place, row.fields) for row in rows if not row.fault] == [(1, {"a": 1}), (3, {"b": None, "a": 2})]
    assert [(row.place, row.raw, row.fault.partition(":")[0]) for row in rows if row.fault] == [
        (4, [1], "is no JSON object"),
        (5, '{"a": NaN}', "is not JSON"),
        (6, "{", "is not JSON"),
    ]
    with open_source(path) as source:
        assert source.names == ("a", "b")
        assert source.column("b") == "column 'b'"


@pytest.mark.parametrize("block", [1, 7, 1 << 16])
def test_an_array_is_read_element_by_element(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr("console.imports.json_source.BLOCK_CHARACTERS", block)
    path = tmp_path / "a.json"
    path.write_text(' [\n{"a": "],[\\""} ,{"a": {"b": [1, 2]}},123 , 4567\n]\n ')
    rows = found(path)
    assert [(row.place, row.fields) for row in rows[:2]] == [(1, {"a": '],["'}), (2, {"a": {"b": [1, 2]}})]
    assert [(row.place, row.raw, row.fault) for row in rows[2:]] == [
        (3, 123, "is no JSON object"),
        (4, 4567, "is no JSON object"),
    ]
    path.write_text('[{"a":1}' + ",1234567" * 9 + "]")
    assert [row.raw for row in found(path)[1:]] == [1234567] * 9


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no JSON array: [ is wanted, found its end"),
        ('{"a": 1}', "is no JSON array: [ is wanted, found {"),
        ("[]", "has no row: no JSON object with a name in it"),
        ("[{}]", "has no row: no JSON object with a name in it"),
        ('[{"a": 1}', "is no JSON array: , or ] is wanted, found its end"),
        ('[{"a": 1} {"a": 2}]', "is no JSON array: , or ] is wanted, found {"),
        ('[{"a": 1}] x', "is no JSON array: after the array stands 'x'"),
        ("[" * 200_000, "is no JSON array: element 1 cannot be read: maximum recursion depth exceeded"),
        ('[{"a": 1}, {"a": ]', "is no JSON array: element 2 cannot be read: Expecting value"),
        ('[{"a": "' + "x" * 1_200_000, "is no JSON array: element 1 cannot be read: Unterminated string"),
    ],
    ids=lambda value: value[:30],
)
def test_a_file_that_is_no_array_of_objects_is_told(tmp_path: Path, content: str, said: str) -> None:
    assert refusal(tmp_path / "a.json", content).startswith(said)


def test_objects_with_ever_other_names_are_no_rows(tmp_path: Path) -> None:
    content = "".join(f'{{"n{number}": 1}}\n' for number in range(1001))
    assert refusal(tmp_path / "a.ndjson", content) == "has more than 1,000 names of columns"


def test_an_array_in_a_file_of_lines_is_told_to_be_one(tmp_path: Path) -> None:
    for content, said in (
        ('\n [{"a": 1}]\n', "has no row: no JSON object with a name in it"),
        ('[\n{"a": 1},\n{"a": 2}\n]\n', "is no NDJSON: its first line begins an array"),
    ):
        path = tmp_path / "a.ndjson"
        path.write_text(content)
        with pytest.raises(ConsoleError) as error:
            found(path)
        assert (str(error.value), error.value.hint) == (f"{path} {said}", "it is a JSON array: name it .json")


MOST = 100_000
LONG = '{"a": "x"},' * 600_000


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.ndjson", f"[{LONG}]", "name it .json"),
        ("a.ndjson", f'{{"a": 1}}\n{LONG}', "does each row begin on a line of its own?"),
        ("a.json", '["' + "x" * len(LONG), "is it NDJSON?"),
        ("a.csv", f"a,b\n1,2\n{LONG}", "does each row begin on a line of its own?"),
        ("a.csv", f"[{LONG}]", "name it .json"),
        ("a.csv", 'a,b\n1,"2\n' + "12,34\n" * 1_000_000, "mend the quotes of the row that begins there"),
        ("a.csv", 'a,b\n1,2\n1,"' + LONG, "does each row begin on a line of its own?"),
        ("a.csv", b"a\n" + b"x" * len(LONG) + b"\xff", "does each row begin on a line of its own?"),
    ],
    ids=range(8),
)
def test_what_never_ends_is_not_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | bytes, said: str
) -> None:
    for limit in ("source.MOST_CHARACTERS", "json_source.MOST_CHARACTERS", "csv_source.MOST_CELL_CHARACTERS"):
        monkeypatch.setattr(f"console.imports.{limit}", MOST)
    monkeypatch.setattr("console.imports.source.BLOCK_BYTES", MOST)
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    tracemalloc.start()
    try:
        with pytest.raises(ConsoleError) as error:
            found(path)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert said in error.value.hint
    assert peak_bytes < 10 * MOST < len(LONG) / 5


def test_no_utf_8_is_found_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.imports.source.BLOCK_BYTES", 3)
    said = "line 3: this is not UTF-8 (invalid continuation byte)"
    assert refusal(tmp_path / "a.csv", "aü\nüü€\n€".encode() + b"\xc3(\n") == said
    assert refusal(tmp_path / "a.csv", b"a\nb\xc3") == "line 2: this is not UTF-8 (unexpected end of data)"


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".ndjson", ".json", ".gz", ".data"])
@pytest.mark.parametrize(
    ("content", "said", "hint"),
    [
        (gzip.compress(b"a\n1\n"), "this is gzip", "unpack it first"),
        (b"PK\x03\x04rest", "this is zip, as Excel's files (.xlsx) are", "save the sheet as CSV in UTF-8"),
        (b"PAR1rest", "this is Parquet", "write it as CSV or NDJSON"),
        (b"SQLite format 3\0rest", "this is a SQLite database", "name it .sqlite"),
        ("a\n1\n".encode("utf-16"), "this is UTF-16", "iconv -f UTF-16 -t UTF-8"),
        ("a\n1\n".encode("utf-16-le"), "this seems to be UTF-16", "iconv -f UTF-16LE -t UTF-8"),
        (bytes(12_000), "this is no text: it begins with bytes of 0", "write the file again"),
    ],
    ids=["gzip", "zip", "Parquet", "SQLite", "UTF-16", "UTF-16LE", "NULs"],
)
def test_what_is_no_text_is_told_whatever_it_is_called(
    tmp_path: Path, suffix: str, content: bytes, said: str, hint: str
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(ConsoleError) as error:
        found(path)
    assert str(error.value) == f"{path}: {said}"
    assert hint in error.value.hint


# SQLite


def database(path: Path, script: str) -> Path:
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()
    return path


def test_a_table_is_read_in_the_order_of_its_rowids(tmp_path: Path) -> None:
    path = database(
        tmp_path / "a.db",
        """CREATE TABLE "odd ""name" (b, rowid);
        INSERT INTO "odd ""name" (oid, b, rowid) VALUES (9, 'last', x'00'), (-2, 'first', NULL);""",
    )
    assert found(path) == [
        FileRow(-2, {"b": "first", "rowid": None}),
        FileRow(9, {"b": "last", "rowid": b"\x00"}),
    ]


def test_a_table_without_rowids_is_read_in_the_order_of_its_key(tmp_path: Path) -> None:
    path = database(
        tmp_path / "a.sqlite3",
        """CREATE TABLE t (c, a, b, PRIMARY KEY (a, b)) WITHOUT ROWID;
        INSERT INTO t VALUES (3, 2, 'x'), (2, 1, 'y'), (1, 1, 'x');""",
    )
    assert [(row.place, row.fields["c"]) for row in found(path)] == [(1, 1), (2, 2), (3, 3)]


def test_a_table_is_chosen_where_there_are_several(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", "CREATE TABLE a (x); CREATE TABLE b (y); CREATE VIEW v AS SELECT 1;")
    assert refusal(path) == "has several tables"
    assert refusal(path, table="v") == f"--table v is no table of {path}"
    with open_source(path, table="b") as source:
        assert source.names == ("y",)
    assert refusal(database(path, "")) == "has no table"


def test_a_table_is_seen_as_it_was_when_it_was_opened(tmp_path: Path) -> None:
    path = database(tmp_path / "a.db", "PRAGMA journal_mode = WAL; CREATE TABLE a (x); INSERT INTO a VALUES (1);")
    with open_source(path) as source:
        before = source.digest()
        with sqlite3.connect(path) as connection:
            connection.execute("INSERT INTO a VALUES (2)")
        connection.close()
        source.check_unchanged()
        assert (source.digest(), len(list(source.rows()))) == (before, 1)
    with open_source(path) as source:
        assert source.digest() != before


# Any


def test_a_digest_is_of_the_content_alone(tmp_path: Path) -> None:
    for suffix, writer in WRITERS.items():
        digests: list[str] = []
        for name, row in (("a", GOOD), ("b", GOOD), ("c", GOOD | {"stock": 1})):
            path = tmp_path / f"{name}{suffix}"
            writer(path, [row])
            with open_source(path) as source:
                digests.append(source.digest())
        assert digests[0] == digests[1] != digests[2]


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with open_source(path) as source:
        source.check_unchanged()
        path.write_text("a\n1\n2\n")
        with pytest.raises(ConsoleError, match="has changed while it was read"):
            source.check_unchanged()


@pytest.mark.parametrize("suffix", WRITERS)
def test_a_file_that_is_not_there_is_told(tmp_path: Path, suffix: str) -> None:
    assert "cannot be read" in refusal(tmp_path / f"none{suffix}")


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "a.db", "a,b\n" * 1000) == "cannot be read: file is not a database"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("a.xlsx", {}, "this suffix is no kind of file that is known"),
        ("a.csv", {"table": "t"}, "--table t: "),
        ("a.db", {"delimiter": ";"}, "--delimiter ;: "),
        ("a.csv", {"delimiter": ";;"}, "--delimiter ;; is no single character"),
        ("a.csv", {"delimiter": '"'}, '--delimiter " is no single character'),
    ],
)
def test_options_that_do_not_fit_are_told(tmp_path: Path, name: str, options: dict[str, str], said: str) -> None:
    path = tmp_path / name
    path.touch()
    with pytest.raises(ConsoleError) as error, open_source(path, **options):
        pass
    assert said in str(error.value)
    assert error.value.code == 2
