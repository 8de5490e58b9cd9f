"""The table of guarantees names tests and rooms that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    section = (ROOT / "docs/architecture.md").read_text().partition("## Guarantees")[2].partition("\n## ")[0]
    return ROW.findall(section)


def test_they_are_numbered() -> None:
    assert [number for number, _, _ in rows()] == [str(number) for number in range(1, len(rows()) + 1)]
    assert len(rows()) > 10


def test_each_names_what_holds_it() -> None:
    for number, _, held_by in rows():
        named = re.findall(r"`([^`]+)`", held_by)
        assert named, number
        for name in named:
            place = ROOT / (f"console/verbs/{name.split()[1]}.py" if name.startswith("console ") else name)
            holds = list(place.rglob("test_*.py")) if place.is_dir() else [place]
            assert holds, (number, name)
            assert all(path.is_file() for path in holds), (number, name)
