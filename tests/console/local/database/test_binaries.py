from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.local.database import binaries


def install(programs: Path) -> Path:
    programs.mkdir(parents=True)
    (programs / "postgres").touch()
    return programs


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any PostgreSQL, and the folder where Debian's would be."""
    monkeypatch.setattr("console.local.database.binaries.DEBIAN", tmp_path)
    monkeypatch.setattr("console.local.database.binaries.find_spec", lambda _: None)  # pyright: ignore
    return tmp_path


def embed(monkeypatch: pytest.MonkeyPatch, origin: str | None) -> None:
    def find(name: str) -> ModuleSpec:
        return ModuleSpec(name, None, origin=origin)

    monkeypatch.setattr("console.local.database.binaries.find_spec", find)


def test_the_embedded_programs_are_those_of_the_package(monkeypatch: pytest.MonkeyPatch, nothing: Path) -> None:
    programs = install(nothing / "package" / "pginstall18" / "bin")
    install(nothing / "15" / "bin")
    embed(monkeypatch, str(nothing / "package" / "__init__.py"))
    assert binaries.embedded_programs() == programs
    assert binaries.find_programs() == programs


@pytest.mark.parametrize("origin", [None, "/nowhere/__init__.py"], ids=("no files", "other files"))
def test_a_package_without_them_has_none(monkeypatch: pytest.MonkeyPatch, nothing: Path, origin: str | None) -> None:
    embed(monkeypatch, origin)
    assert binaries.embedded_programs() is None
    assert binaries.debian_programs() is None


def test_debians_newest_is_taken_where_nothing_is_embedded(nothing: Path) -> None:
    install(nothing / "9" / "bin")
    newest = install(nothing / "15" / "bin")
    (nothing / "17" / "bin").mkdir(parents=True)  # the clients alone
    assert binaries.embedded_programs() is None
    assert binaries.debian_programs() == newest
    assert binaries.find_programs() == newest


@pytest.mark.usefixtures("nothing")
def test_without_any_it_says_how_to_get_one() -> None:
    with pytest.raises(ConsoleError, match=r"^no PostgreSQL is installed here$") as error:
        binaries.find_programs()
    assert error.value.hint == "make install-postgres"
