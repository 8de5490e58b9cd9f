from __future__ import annotations

from collections.abc import Callable
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from archives.runtimes import RUNTIMES

Write = Callable[[dict[str, str]], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Makes a project of these files."""

    def make(files: dict[str, str]) -> Path:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return tmp_path

    return make


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> str:
    """A runtime that is the Python of the tests."""
    monkeypatch.setitem(RUNTIMES, "here", MAGIC_NUMBER)
    return "here"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """A runtime that is another Python than that of the tests."""
    monkeypatch.setitem(RUNTIMES, "python3.99", b"none")
    return "python3.99"
