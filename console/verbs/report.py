"""The verb `report`: results of `bench` as a Markdown document with charts; two of them also compared."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import PROGRAM
from console.results.files import OUT, SUFFIX, cannot_write, make_folder
from console.results.result import load
from console.verdict.verdict import advise

if TYPE_CHECKING:
    from console.report.document import Kept

NAME = "report"


def report(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Results (…-benchmark.json); default: the newest in --out.")
    ] = None,
    *,
    out: Annotated[
        Path | None, typer.Option(help=f"Folder for the report; default: the first result's, or {OUT}.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Two results side by side, from different environments too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Render results as Markdown with charts: one, several sizes of one stack, or two runs compared."""
    from console.report.document import write_report  # noqa: PLC0415 - with matplotlib, which takes half a second

    if compare and len(files or ()) != 2:
        raise typer.BadParameter("--compare takes two results")
    kept = _loaded(files or [_newest(out or OUT)])
    if not compare:
        _check_alike(kept)
    folder = out or kept[0].path.parent
    name = kept[0].name if len(kept) == 1 else NAME
    make_folder(folder)
    try:
        written = write_report(kept, folder, name)
    except OSError as error:
        cannot_write(folder, error)
    if as_json:
        verdicts = [advise(it.result.environment, it.result.sizes).content() for it in kept]
        terminal.print_json({"files": [str(file) for file in written], "verdicts": verdicts})
        return
    _print(kept)
    print(*written, sep="\n")


def _print(kept: Sequence[Kept]) -> None:
    """Print of each result what its figures come to, size by size, and the verdict; of two also how they compare."""
    from console.report.document import comparison  # noqa: PLC0415 - as above
    from console.report.sections import heading, summarise  # noqa: PLC0415

    console = terminal.results()
    for each in kept:
        console.print(each.name)
        for size in each.result.sizes:
            console.print("\n".join([f"\n{heading(size)}", *summarise(size, each.result.environment)]))
        verdict = advise(each.result.environment, each.result.sizes)
        console.print(f"\n{textwrap.fill(verdict.paragraph, console.width)}\n")
    if len(kept) == 2:
        found = comparison(*kept)
        console.print("\n".join(found.said), *([found.table.table()] if found.table else []), "", sep="\n")


def _loaded(files: Sequence[Path]) -> list[Kept]:
    """Load the results, in the order of their beginnings."""
    from console.report.document import Kept  # noqa: PLC0415

    return sorted((Kept(path, load(path)) for path in files), key=lambda kept: kept.result.started_at)


def _newest(folder: Path) -> Path:
    found = sorted(folder.glob(f"*{SUFFIX}.json"))
    if not found:
        raise ConsoleError(f"there is no result in {folder}", f"{PROGRAM} bench --local")
    return found[-1]


def _check_alike(kept: Sequence[Kept]) -> None:
    """Raises ConsoleError where results of several environments would be mixed."""
    from console.report.comparison import differences  # noqa: PLC0415

    first, *others = kept
    for other in others:
        differing = differences(first.result.environment, other.result.environment)
        if differing:
            message = f"{first.path} and {other.path} are of different environments: {'; '.join(differing)}"
            raise ConsoleError(message, "report each for itself, or compare two of them with --compare")
