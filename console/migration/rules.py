"""The rules of a move: `migration.toml`, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from console.migration.kinds import Kind
from console.migration.plan import Destination, OnMisfit


@dataclass(frozen=True)
class ColumnRules:
    """`[tables.<name>.columns.<column>]`."""

    rename: str | None = None
    kind: Kind | None = None
    convert: tuple[str, ...] = ()
    on_misfit: OnMisfit = "fail"
    skip: bool = False


@dataclass(frozen=True)
class TableRules:
    """`[tables.<name>]`; key has the source's names."""

    skip: bool = False
    where: str | None = None
    rename: str | None = None
    destination: Destination = "postgresql"
    ttl: str | None = None
    key: tuple[str, ...] = ()
    columns: dict[str, ColumnRules] = field(default_factory=dict[str, ColumnRules])


@dataclass(frozen=True)
class Rules:
    """The whole file; names are the source's, in whatever case."""

    tables: dict[str, TableRules] = field(default_factory=dict[str, TableRules])


def read_rules(path: Path) -> Rules:
    """Return the rules of a file.

    Raises:
        ConsoleError: it is no TOML, or has what is no rule.
    """
    raise NotImplementedError
