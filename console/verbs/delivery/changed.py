"""The verb `changed`: which functions a commit changes, by which files, and whether the infrastructure changes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from console.changes.comparison import INFRASTRUCTURE, Changes, PartChange, changed_functions
from console.changes.versions import changes_since, version_of
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import ROOT
from console.terminal import print_json, results

# 1 and 2 are errors, as everywhere.
NOTHING, ONLY_INFRASTRUCTURE, ONLY_FUNCTIONS, BOTH = 0, 10, 11, 12


def changed(
    against: Annotated[
        str,
        typer.Option(
            help="What to compare the working tree with: a manifest.json of `package`, `stack`, `stack:NAME` or a git"
            " revision.",
            show_default=False,
        ),
    ],
    function: Annotated[
        str, typer.Option(help="Only this function; `infrastructure` for all that is no function's code.")
    ] = "",
    exit_code: Annotated[
        bool,
        typer.Option("--exit-code", help="End with 10 for infrastructure, 11 for functions, 12 for both."),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Say which functions deploying the working tree changes, and by which files."""
    version = version_of(against)
    changes = _chosen(changes_since(version, ROOT), function)
    if as_json:
        print_json({"against": asdict(version), **_described(changes)})
    else:
        _show(changes)
    return _code(changes) if exit_code else NOTHING


def _chosen(changes: Changes, part: str) -> Changes:
    if part and part not in changes:
        raise ConsoleError(
            f"--function: got {part!r}, allowed: {' or '.join(changes)}", f"--function {next(iter(changes))}"
        )
    return {part: changes[part]} if part else changes


def _code(changes: Changes) -> int:
    has_infrastructure = INFRASTRUCTURE in changes and changes[INFRASTRUCTURE].is_changed()
    if changed_functions(changes):
        return BOTH if has_infrastructure else ONLY_FUNCTIONS
    return ONLY_INFRASTRUCTURE if has_infrastructure else NOTHING


def _described(changes: Changes) -> dict[str, object]:
    return {
        "changed_functions": changed_functions(changes),
        "exit_code": _code(changes),
        "parts": {name: {"is_changed": change.is_changed(), **asdict(change)} for name, change in changes.items()},
    }


def _show(changes: Changes) -> None:
    console = results()
    for name, change in changes.items():
        if change.is_changed():
            console.print(f"{name}: {_headline(change)}", soft_wrap=True)
            for line in _lines(change):
                console.print(line, soft_wrap=True)
    if same := [name for name, change in changes.items() if not change.is_changed()]:
        console.print(f"unchanged: {', '.join(same)}")


def _headline(change: PartChange) -> str:
    if change.before is None:
        return "new"
    if change.after is None:
        return "removed"
    return f"{change.before} -> {change.after}"


def _lines(change: PartChange) -> list[str]:
    if change.files is None:
        return ["  which files is not known: none of the latest commits here has what is deployed"]
    signs = (("+", change.files.added), ("~", change.files.changed), ("-", change.files.removed))
    return [f"  {sign} {name}" for sign, names in signs for name in names]
