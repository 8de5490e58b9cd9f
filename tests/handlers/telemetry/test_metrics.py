"""Whatever the table of metrics names, some room tells; nothing else is told."""

from __future__ import annotations

import ast
from pathlib import Path

from handlers.telemetry import metrics
from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH

HANDLERS = Path(metrics.__file__).parents[1]
UNITS = {"Count", "Bytes", "Seconds", "Milliseconds"}


def told() -> set[str]:
    """The metrics that the rooms import by name, but for those that only hand the tables on."""
    imported = [
        alias.name
        for path in HANDLERS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "handlers.telemetry.metrics"
        for alias in node.names
    ]
    values = [getattr(metrics, name) for name in imported]
    return {value for value in values if isinstance(value, str)} - {
        metrics.NAMESPACE,
        metrics.FUNCTION,
        metrics.PATH,
        metrics.VERSION,
    }


def test_every_metric_of_the_table_is_told_by_some_room_and_no_other() -> None:
    assert told() == {*BY_PATH, *BY_FUNCTION}


def test_units_are_those_of_cloudwatch() -> None:
    assert {*BY_PATH.values(), *BY_FUNCTION.values()} <= UNITS
