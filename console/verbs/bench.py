"""The verb `bench`: measure the read paths on the data of an API, and keep every request.

Whatever cuts a run short, what was measured until then is kept, and said to be incomplete.
"""

from __future__ import annotations

import contextlib
import json
import shlex
import tempfile
import textwrap
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console import terminal
from console.benchmark.closed_loop import Recycle, Rounds
from console.benchmark.plan import BenchPlan, chosen_rows, chosen_workloads, finite
from console.benchmark.samples import COLUMNS
from console.client.client import Client
from console.client.snapshots import newest_snapshot
from console.client.target import JsonOption, UrlOption, api_url
from console.errors import INTERRUPTED, ConsoleError
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.paths import PROGRAM
from console.results.environment import environment
from console.results.files import OUT, Lines, cannot_write, raw_data
from console.results.result import SCHEMA, BenchResult, BenchSettings, Environment, Size, save, to_json
from console.verdict.verdict import advise
from handlers.domain.timestamps import utc_text

if TYPE_CHECKING:
    from rich.console import Console

    from console.expectations.expectation import Expectation

LOCAL_ROWS = (10_000,)

Cut = ConsoleError | KeyboardInterrupt | None


def bench(
    *,
    url: UrlOption = "",
    local: Annotated[bool, typer.Option("--local", help="Start a local stack for it, and stop it afterwards.")] = False,
    workloads: Annotated[
        str,
        typer.Option(
            help="Only some of newest-100, by-id, walk, range, stats, first-in-sandbox, first-after-publish, write, as "
            "walk,range. The last two APPEND ROWS, for good; without --local they run only if named or with --writes."
        ),
    ] = "",
    writes: Annotated[bool, typer.Option("--writes", help="Also those that append rows to the ledger.")] = False,
    iterations: Annotated[int, typer.Option(min=1, help="Requests of each workload on each path.")] = 400,
    warm_ups: Annotated[int, typer.Option(min=0, help="Requests before those that count.")] = 20,
    rate: Annotated[
        float | None,
        typer.Option(callback=finite, min=0.01, help="Also an open loop: so many requests a second on each path."),
    ] = None,
    limit_s: Annotated[
        float,
        typer.Option(
            callback=finite, min=1, help="When a path has taken so many seconds for a workload, it is left there."
        ),
    ] = 60.0,
    rows: Annotated[
        str, typer.Option(help="Sizes to measure, as 1000,10000,100000: LOADS ROWS, for good. Default: what is there.")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Which ids and values are asked for, and which rows loaded.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for the result; made if it is not there.")] = OUT,
    as_json: JsonOption = False,
) -> None:
    """Measure the read paths side by side; writes the result, every request, a report and its charts."""
    if local and url:
        raise typer.BadParameter("--local starts its own API: leave out --url")
    sizes = chosen_rows(rows) or (LOCAL_ROWS if local else ())
    names = chosen_workloads(workloads, writes=writes or local)
    plan = BenchPlan(names, Rounds(warm_ups, iterations, limit_s), rate, sizes, seed)
    plan.check()
    with raw_data(out, datetime.now(UTC), COLUMNS) as raw:
        result, cut = _run(plan, raw, url, is_local=local)
        if not result.sizes and cut is not None:
            raise cut
        _keep(result, raw.path.with_suffix(".json"), as_json=as_json)
    if cut is not None:
        raise _cut_short(cut, raw.path.with_suffix(".json"))


def _run(plan: BenchPlan, raw: Lines, url: str, *, is_local: bool) -> tuple[BenchResult, Cut]:
    """Measure; returns the result of all that could be measured, and what cut it short."""
    started_s, start_s = time.time(), time.monotonic()
    with _stack(url, is_local=is_local) as (address, recycle), Client(address) as client:
        found, homes = environment(client), client.homes()
        measured, cut = _measured(client, plan, recycle, raw)
    rounds = plan.rounds
    settings = BenchSettings(
        rounds.iterations, rounds.warm_ups, plan.rate_per_s, rounds.limit_s, plan.workloads, homes, keep_alive=True
    )
    duration_s = round(time.monotonic() - start_s, 3)
    is_whole = cut is None
    return BenchResult(SCHEMA, utc_text(started_s), duration_s, is_whole, plan.seed, settings, found, measured), cut


def _measured(client: Client, plan: BenchPlan, recycle: Recycle | None, raw: Lines) -> tuple[tuple[Size, ...], Cut]:
    from console.benchmark.session import BenchSession  # noqa: PLC0415 - with hdrh, which few verbs need

    total = plan.requests(newest_snapshot(client).bookmark.seq, client.homes())
    session = BenchSession(client, plan, recycle, raw)
    cut: Cut = None
    try:
        with terminal.progress("bench", total, unit="requests") as advance:
            session.run(advance)
    except (ConsoleError, KeyboardInterrupt) as reason:
        cut = reason
    except OSError as error:
        cut = ConsoleError(f"{raw.path} cannot be written: {error.strerror}", "make room, or another folder with --out")
    return session.sizes, cut


@contextlib.contextmanager
def _stack(url: str, *, is_local: bool) -> Generator[tuple[str, Recycle | None]]:
    """Yield the API that is measured, and what ends its sandboxes, where that can be done."""
    if not is_local:
        yield api_url(url), None
        return
    with (
        tempfile.TemporaryDirectory(prefix="lambda-sqlite-") as folder,
        BackgroundStack(project_stack(Path(folder))) as stack,
    ):
        yield stack.url, stack.recycle


def _keep(result: BenchResult, path: Path, *, as_json: bool) -> None:
    """Show the result, and write it and its report: what cannot be written was shown at least."""
    from console.report.document import Kept, write_report  # noqa: PLC0415 - loads matplotlib: half a second

    _show(result, as_json=as_json)
    try:
        save(result, path)
        written = write_report([Kept(path, result)], path.parent, path.stem)
    except OSError as error:
        cannot_write(path, error)
    if not as_json:
        print(*(path, path.with_suffix(".csv"), *written), sep="\n")


def _show(result: BenchResult, *, as_json: bool) -> None:
    """Print the result and the verdict, as JSON or for people."""
    from console.expectations.expectation import expect  # noqa: PLC0415 - with matplotlib: half a second

    found = result.environment
    verdict, expected = advise(found, result.sizes), [expect(found, size) for size in result.sizes]
    if as_json:
        beside = {"verdict": verdict.content(), "expected": [[asdict(it) for it in each] for each in expected]}
        terminal.print_json({**json.loads(to_json(result)), **beside})
        return
    console = terminal.results()
    for size, each in zip(result.sizes, expected, strict=True):
        _show_size(console, size, found, each if found.is_local else [])
    console.print(f"{textwrap.fill(verdict.paragraph, console.width)}\n")


def _show_size(console: Console, size: Size, found: Environment, expected: Sequence[Expectation]) -> None:
    """Print what was measured of a size, and what to expect of it on AWS, where that is another thing."""
    from console.report.expected import expected_table, explain  # noqa: PLC0415 - as above
    from console.report.sections import glance_at, heading, summarise  # noqa: PLC0415

    console.print(heading(size))
    for table in glance_at(size, found):
        console.print("", table.table(), sep="\n")
    console.print("\n".join(["", *summarise(size, found), ""]))
    if expected:
        said = textwrap.fill(explain(expected), console.width)
        console.print(expected_table(expected).table(), "", said, "", sep="\n")


def _cut_short(cut: ConsoleError | KeyboardInterrupt, path: Path) -> ConsoleError:
    reason, code = (str(cut), cut.code) if isinstance(cut, ConsoleError) else ("interrupted", INTERRUPTED)
    hint = f"{PROGRAM} report {shlex.quote(str(path))}"
    return ConsoleError(f"{reason}; what was measured until then is in {path}", hint, code)
