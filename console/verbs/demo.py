"""The verb `demo`: the whole main job on this machine, from nothing to a comparison of the read paths."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.paths import PROGRAM
from console.terminal import Steps

if TYPE_CHECKING:
    from console.expectations.expectation import Expectation

NEXT = "\nNext, the bill of a load of your own, or the API on this machine:"


def demo(
    count: Annotated[int, typer.Option(min=2, help="How many rows.")] = 10_000,
    reads: Annotated[int, typer.Option(min=2, help="Warm reads on each path.")] = 100,
    *,
    postgres: Annotated[
        bool, typer.Option("--postgres", envvar="POSTGRES", help="With PostgreSQL as a fourth home.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Start a local stack, load it, compare the read paths, prove that they answer alike, and stop it again."""
    from console.benchmark.demo import NUMBERS, SEED, run_demo  # noqa: PLC0415 - with hdrh, which few verbs need
    from console.expectations.expectation import expect  # noqa: PLC0415
    from console.report.side_by_side import path_times, sentence  # noqa: PLC0415
    from console.verdict.verdict import advise  # noqa: PLC0415

    console = terminal.messages() if as_json else terminal.results()
    console.print(f"The main job on this machine, from nothing to {NUMBERS[postgres]} read paths compared:")
    start_s = time.monotonic()
    found = run_demo(Steps(console), count, reads, has_postgres=postgres)
    seconds = time.monotonic() - start_s
    console.print(f"{seconds:5.1f} s  in all")
    paths = path_times(found.size)
    said, verdict = sentence(paths), advise(found.environment, [found.size])
    expected = expect(found.environment, found.size)
    if not as_json:
        _show(count, expected, [said, verdict.paragraph])
        return
    asked = {"rows": count, "reads": reads, "seed": SEED, "seconds": seconds}
    outcome = {"loaded": asdict(found.loaded), "paths": [asdict(path) for path in paths], "sentence": said}
    proof = {"verification": asdict(found.verification), "verdict": verdict.content()}
    terminal.print_json(asked | outcome | proof | {"expected": [asdict(each) for each in expected]})


def _show(count: int, expected: Sequence[Expectation], paragraphs: Sequence[str]) -> None:
    """Print the table, what it says, and what to type next."""
    from console.report.expected import TITLE, expected_table, explain  # noqa: PLC0415 - as above

    console = terminal.results()
    console.print(f"\n{TITLE}, the newest 100 of {count:,} rows:\n")
    console.print(expected_table(expected).table())
    for paragraph in [explain(expected), *paragraphs]:
        console.print(f"\n{textwrap.fill(paragraph, console.width)}")
    cost = f"{PROGRAM} cost --rows {count} --reads-per-month 1e6 --writes-per-month 1000"
    console.print(NEXT, cost, "make serve", sep="\n", soft_wrap=True)
