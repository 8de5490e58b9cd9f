from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from console.rollout.schema import SchemaState
from console.verbs.migrate import schema
from tests.console.conftest import RunConsole

APPLIED = SchemaState(["0003_c.sql"], [], ["0001_a.sql"], ["0002"])
PENDING = SchemaState([], ["0003_c.sql"], ["0001_a.sql"], [])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What the stack's function was asked for."""
    asked: list[tuple[str, bool]] = []

    def migrate(migrator: str, *, check: bool) -> SchemaState:
        asked.append((migrator, check))
        return PENDING if check else APPLIED

    monkeypatch.setattr(schema, "migrate", migrate)
    return asked


def test_each_file_is_told_with_what_became_of_it(asked: list[tuple[str, bool]], run_console: RunConsole) -> None:
    ran = run_console("migrate", "schema", "--function", "shop-migrator")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "0001_a.sql: applied before",
        "0003_c.sql: applied",
        "0002: applied, and this version has no file of it",
    ]
    assert asked == [("shop-migrator", False)]


def test_a_comparison_ends_with_1_where_files_are_pending(
    asked: list[tuple[str, bool]], run_console: RunConsole
) -> None:
    ran = run_console("migrate", "schema", "--function", "shop-migrator", "--check")
    assert (ran.code, ran.out.splitlines()[-1]) == (1, "0003_c.sql: pending")
    assert asked == [("shop-migrator", True)]


@pytest.mark.usefixtures("asked")
def test_the_result_can_be_had_as_json(run_console: RunConsole) -> None:
    ran = run_console("migrate", "schema", "--function", "shop-migrator", "--json")
    assert json.loads(ran.out) == asdict(APPLIED)
