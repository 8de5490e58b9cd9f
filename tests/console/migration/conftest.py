from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from console.migration.plan import MigrationPlan, PlannedColumn, PlannedTable
from console.migration.planner import make_plan
from console.migration.rules import Rules, read_rules
from console.migration.source import SourceFile

NOW = "2026-01-31T12:00:00Z"


class Planned(NamedTuple):
    """A plan, and the source that it is of."""

    source: SourceFile
    plan: MigrationPlan

    def table(self, name: str) -> PlannedTable:
        return next(table for table in self.plan.tables if table.name == name)

    def column(self, table: str, name: str) -> PlannedColumn:
        return next(column for column in self.table(table).columns if column.name == name)

    def rows(self, name: str) -> list[tuple[object, ...]]:
        return list(self.source.rows(self.table(name)))

    def misfits(self) -> list[tuple[str, str, tuple[object, ...], object, str]]:
        return [(each.table, each.column, each.key, each.value, each.reason) for each in self.plan.misfits]

    def notes(self) -> str:
        return "\n".join(self.plan.notes)


MakeFile = Callable[[str], Path]
MakePlan = Callable[..., Planned]


@pytest.fixture
def make_file(tmp_path: Path) -> MakeFile:
    """Make a SQLite file of a script."""

    def make(script: str) -> Path:
        path = tmp_path / "app.sqlite"
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(script)
            connection.commit()
        return path

    return make


@contextlib.contextmanager
def planned(path: Path, rules: Path | None, most: int) -> Generator[Planned]:
    with SourceFile(path, now=NOW) as source:
        yield Planned(source, make_plan(source, read_rules(rules) if rules else Rules(), most_shown=most))


@pytest.fixture
def make_plan_of(make_file: MakeFile, tmp_path: Path) -> Iterator[MakePlan]:
    """Plan the move of a script's file, by rules as TOML."""
    with contextlib.ExitStack() as opened:

        def make(script: str, toml: str = "", most: int = 10) -> Planned:
            rules = tmp_path / "migration.toml"
            if toml:
                rules.write_text(toml)
            return opened.enter_context(planned(make_file(script), rules if toml else None, most))

        yield make
