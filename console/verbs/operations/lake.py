"""The verb `lake`: the data lake filled, and held against the ledger."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from typing import Annotated

import typer

from console import terminal
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.lake.backfill import Backfilled, backfill
from console.lake.place import LakePlace, open_lake
from console.lake.survey import MISSING
from console.lake.verification import OTHER_CONTENT, LakeVerification, verify_lake
from console.terminal import Steps
from console.wording import are, counted, joined, rows, visible

MOST_SHOWN = 20
MOST_NAMED = 3  # in an error
STRAY = "is no page of any history of the ledger"

TableOption = Annotated[
    str, typer.Option(help="The ledger's table; default: TABLE_NAME, else the stack's output, else the local stack's.")
]
BucketOption = Annotated[
    str, typer.Option(help="The lake's bucket; default: LAKE_BUCKET, else the stack's output, else the local stack's.")
]


def fill(
    *,
    again: Annotated[bool, typer.Option("--again", help="Write every page, also those that are there.")] = False,
    table: TableOption = "",
    bucket: BucketOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write the pages that are missing or wrong, and prove that all are the ledger's. Needs AWS credentials.

    One that was cut short goes on where it stopped, and the lake's own clock may be at work meanwhile.
    """
    with open_lake(table, bucket) as place:
        outcome = backfill(place, place.head(), Steps(terminal.messages()), again=again)
        name = place.objects.bucket
    if as_json:
        terminal.print_json(asdict(outcome))
        return
    said = f"{_extent(outcome)} {are(outcome.rows)} in {name}, {outcome.written:,} written just now"
    terminal.results().print(
        f"{said}.\nTheir hash is the ledger's at {outcome.bookmark}: {outcome.hash}", soft_wrap=True
    )


def verify(
    *,
    deep: Annotated[bool, typer.Option("--deep", help="Download every page, and hash its rows.")] = False,
    table: TableOption = "",
    bucket: BucketOption = "",
    as_json: JsonOption = False,
) -> None:
    """Hold the lake against the ledger: its pages by count and hash, and no object beside them. Needs AWS credentials.

    Prints the SQL condition that reads exactly the ledger's history in Athena or DuckDB.
    """
    with open_lake(table, bucket) as place:
        outcome = verify_lake(place, place.head(), Steps(terminal.messages()), deep=deep)
    if as_json:
        terminal.print_json({**asdict(outcome), "is_right": outcome.is_right})
    else:
        terminal.results().print(_words(outcome, place.objects.bucket), soft_wrap=True)
    _complain(outcome, place)


def _extent(outcome: Backfilled | LakeVerification) -> str:
    return f"{rows(outcome.rows)} in {counted(outcome.pages, 'page')}"


def _words(outcome: LakeVerification, bucket: str) -> str:
    """Return the outcome for people."""
    verb = "should be" if outcome.differences else are(outcome.rows)
    lines = [f"{_extent(outcome)} {verb} in {bucket}; the ledger is at {outcome.bookmark}."]
    if outcome.unwritten:
        lines.append(
            f"Not there yet: {outcome.unwritten:,} of its rows, the first created at {outcome.unwritten_since}."
        )
    if outcome.is_right:
        subject = "With those, their hash is the ledger's" if outcome.unwritten else "Their hash is the ledger's"
        lines.append(f"{subject}: {outcome.hash}")
    wrong = [
        *(f"{each.key} {each.fault}" for each in outcome.differences),
        *(f"{visible(key)} {STRAY}" for key in outcome.strays),
    ]
    more = [f"and {len(wrong) - MOST_SHOWN:,} more (--json has all)"] if len(wrong) > MOST_SHOWN else []
    return "\n".join([*lines, *wrong[:MOST_SHOWN], *more, f"WHERE {outcome.where}"])


def _complain(outcome: LakeVerification, place: LakePlace) -> None:
    """Raise ConsoleError where something was found."""
    bucket, faults, strays = place.objects.bucket, {each.fault for each in outcome.differences}, outcome.strays
    said: list[str] = []
    hints: list[str] = []
    if strays:
        more = [f"{len(strays) - MOST_NAMED:,} more"] if len(strays) > MOST_NAMED else []
        names = joined([*map(visible, strays[:MOST_NAMED]), *more])
        said.append(f"{len(strays):,} of the objects in {bucket} {_are_no_page(len(strays))}: {names}")
        hints.append(f"look at what does not belong there, and: aws s3 rm {shlex.quote(f's3://{bucket}/{strays[0]}')}")
    if faults:
        said.insert(0, f"{len(outcome.differences):,} of {counted(outcome.pages, 'page')} in {bucket} are not right")
        again = ["--again"] if OTHER_CONTENT in faults else []
        hints.append(place.filling() if faults == {MISSING} else place.command("backfill", *again))
    if said:
        raise ConsoleError("; ".join(said), "; then: ".join(hints))


def _are_no_page(count: int) -> str:
    return STRAY if count == 1 else STRAY.replace("is no page", "are no pages")


COMMANDS = {"backfill": fill, "verify": verify}
