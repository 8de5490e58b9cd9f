"""The rules of a move: `migration.toml`, read and checked; and the same names found in the source, in whatever case."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast, get_args

from console.errors import ConsoleError
from console.migration.forms.conversions import conversion_of
from console.migration.kinds import KINDS, Kind
from console.migration.plan import Destination, OnMisfit

TABLE_RULES = ("skip", "where", "rename", "destination", "ttl", "key", "columns")
COLUMN_RULES = ("rename", "kind", "convert", "on_misfit", "skip")
_Rule = TypeVar("_Rule")
HINT = "docs/migration.md has all rules"


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
    """`[tables.<name>]`; `key` and `ttl` have the source's names."""

    skip: bool = False
    where: str | None = None
    rename: str | None = None
    destination: Destination = "postgresql"
    ttl: str | None = None
    key: tuple[str, ...] = ()
    columns: Mapping[str, ColumnRules] = field(default_factory=dict[str, ColumnRules])

    def of_column(self, name: str) -> ColumnRules:
        """Return the rules of a column."""
        return _by_lower(self.columns).get(name.lower(), ColumnRules())


@dataclass(frozen=True)
class Rules:
    """The whole file; names are the source's, in whatever case."""

    tables: Mapping[str, TableRules] = field(default_factory=dict[str, TableRules])

    def of_table(self, name: str) -> TableRules:
        """Return the rules of a table."""
        return _by_lower(self.tables).get(name.lower(), TableRules())


def read_rules(path: Path) -> Rules:
    """Return the rules of a file.

    Raises:
        ConsoleError: it is no TOML, or has what is no rule.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConsoleError(f"--rules {path}: {error}", HINT, 2) from error
    try:
        _check_names("the file", content, ("tables",))
        tables = _section("tables", content.get("tables", {}))
        return Rules({name: _table(f"tables.{name}", rules) for name, rules in tables.items()})
    except ValueError as error:
        raise ConsoleError(f"--rules {path}: {error}", HINT, 2) from error


def _table(at: str, given: object) -> TableRules:
    rules = _section(at, given)
    _check_names(at, rules, TABLE_RULES)
    columns = _section(f"{at}.columns", rules.get("columns", {}))
    key = rules.get("key", "")
    names = key if isinstance(key, list) else [each.strip() for each in _text(f"{at}.key", key).split(",")]  # pyright: ignore[reportUnknownVariableType] - TOML
    return TableRules(
        skip=_switch(f"{at}.skip", rules.get("skip", False)),
        where=_text(f"{at}.where", rules["where"]) if "where" in rules else None,
        rename=_text(f"{at}.rename", rules["rename"]) if "rename" in rules else None,
        destination=cast(
            "Destination", _one_of(f"{at}.destination", rules.get("destination", "postgresql"), get_args(Destination))
        ),
        ttl=_text(f"{at}.ttl", rules["ttl"]) if "ttl" in rules else None,
        key=tuple(_text(f"{at}.key", each) for each in cast("list[object]", names) if each),
        columns={name: _column(f"{at}.columns.{name}", rule) for name, rule in columns.items()},
    )


def _column(at: str, given: object) -> ColumnRules:
    rules = _section(at, given)
    _check_names(at, rules, COLUMN_RULES)
    convert = rules.get("convert", [])
    steps = cast("list[object]", convert if isinstance(convert, list) else [convert])
    return ColumnRules(
        rename=_text(f"{at}.rename", rules["rename"]) if "rename" in rules else None,
        kind=cast("Kind", _one_of(f"{at}.kind", rules["kind"], KINDS)) if "kind" in rules else None,
        convert=tuple(_conversion(at, step) for step in steps),
        on_misfit=cast("OnMisfit", _one_of(f"{at}.on_misfit", rules.get("on_misfit", "fail"), get_args(OnMisfit))),
        skip=_switch(f"{at}.skip", rules.get("skip", False)),
    )


def _conversion(at: str, given: object) -> str:
    name = _text(f"{at}.convert", given)
    try:
        conversion_of(name)
    except ValueError as error:
        raise ValueError(f"{at}: {error}") from None
    return name


def _check_names(at: str, given: Iterable[str], allowed: tuple[str, ...]) -> None:
    for name in given:
        if name not in allowed:
            raise ValueError(f"{at} has {name!r}; allowed: {', '.join(allowed)}")


def _section(at: str, given: object) -> dict[str, object]:
    if isinstance(given, dict):
        return cast("dict[str, object]", given)
    raise ValueError(f"{at} = {given!r} is no section such as [{at}]")


def _text(at: str, given: object) -> str:
    if isinstance(given, str) and (given or at.endswith(".key")):
        return given
    raise ValueError(f"{at} = {given!r} is no text")


def _switch(at: str, given: object) -> bool:
    if isinstance(given, bool):
        return given
    raise ValueError(f"{at} = {given!r} is neither true nor false")


def _one_of(at: str, given: object, allowed: tuple[str, ...]) -> str:
    if isinstance(given, str) and given in allowed:
        return given
    raise ValueError(f"{at} = {given!r} is none of {', '.join(allowed)}")


def _by_lower(rules: Mapping[str, _Rule]) -> dict[str, _Rule]:
    return {name.lower(): rule for name, rule in rules.items()}
