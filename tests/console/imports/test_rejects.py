from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.imports.checking import Checked
from console.imports.rejects import Rejects, rejects_of
from console.imports.source import FileRow

REFUSED = Checked(FileRow(3, {"a": "ü"}), None, reasons=("wrong",))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text("a\n1\n")
    return tmp_path / "a.csv"


def test_they_are_there_as_a_whole_once_all_rows_are_checked(source: Path) -> None:
    path = rejects_of(source)
    with Rejects(path, source, "line") as rejects:
        for _ in range(3):
            rejects.add(REFUSED)
        assert not path.exists()
    line = {"line": 3, "reasons": ["wrong"], "row": {"a": "ü"}}
    assert [json.loads(text) for text in path.read_text().splitlines()] == [line] * 3
    assert sorted(source.parent.iterdir()) == [source, path]


@pytest.mark.parametrize("place", ["line", "element", "rowid"])
def test_those_of_an_earlier_check_are_gone_once_another_one_begins(source: Path, place: str) -> None:
    path = rejects_of(source)
    with Rejects(path, source, place) as rejects:
        rejects.add(REFUSED)
    with Rejects(path, source, place):
        assert not path.exists()
    assert list(source.parent.iterdir()) == [source]


def test_of_a_check_that_was_cut_short_none_are_kept(source: Path) -> None:
    with pytest.raises(KeyboardInterrupt), Rejects(rejects_of(source), source, "line") as rejects:
        rejects.add(REFUSED)
        raise KeyboardInterrupt
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.parametrize(
    "content", [b"a,b\n1,2\n", b'{"a": 1}\n', b'{"row": 1, "reasons": [], "line": 2}', b"\x00\xff"]
)
def test_what_is_no_file_of_them_is_never_written_over(source: Path, content: bytes) -> None:
    path = source.with_name("mine")
    path.write_bytes(content)
    with pytest.raises(ConsoleError, match="is there, and holds no refused rows") as error:
        Rejects(path, source, "line").__enter__()
    assert error.value.code == 2
    assert path.read_bytes() == content


def test_what_is_no_file_at_all_is_left_alone(source: Path) -> None:
    os.mkfifo(source.with_name("pipe"))
    for path in (source.with_name("pipe"), source.parent, Path(os.devnull)):
        with pytest.raises(ConsoleError, match="is no file") as error:
            Rejects(path, source, "line").__enter__()
        assert error.value.code == 2
        assert path.exists()


def test_an_empty_file_and_one_behind_a_link_are_taken(source: Path) -> None:
    target, link = source.with_name("target"), source.with_name("link")
    target.touch()
    link.symlink_to(target)
    with Rejects(link, source, "line") as rejects:
        rejects.add(REFUSED)
    assert link.is_symlink()
    assert "wrong" in target.read_text()
