"""The verb `cost`: what the read paths cost in a month, and which one to use.

Nothing is asked of AWS unless `--url` names an API, whose rows are looked at: prices come from a dated file, the load
from options, and what was measured from a result of `bench`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, cast

import typer
from typer.models import OptionInfo

from console import terminal
from console.client.client import Client
from console.client.target import JsonOption
from console.costs import prices
from console.costs.levers import Lever, levers
from console.costs.options.inputs import INPUTS
from console.costs.options.needs import check_needs
from console.costs.prices import Architecture, DatabaseClass, PriceList
from console.costs.scenario import Scenario, ScenarioValues, assemble, names
from console.costs.study import Study
from console.costs.tables import cost_table, lever_table, paragraphs, work_table
from console.errors import ConsoleError
from console.results import result
from console.results.environment import environment
from console.verdict.inputs import Case, MainWorkload, data_values, find_region
from console.verdict.verdict import Verdict, decide

DEFAULTS = Scenario()


def _value(name: str) -> OptionInfo:
    """Make an option for a number of the scenario; what is not given may be measured, else it is assumed."""
    default, known = getattr(DEFAULTS, name), INPUTS[name]
    shown = known.follows or f"{default:,.10g}"
    return cast("OptionInfo", typer.Option(help=f"{known.meaning}; default: {shown}.", show_default=False))


_ARCHITECTURE = cast("OptionInfo", typer.Option(help="Of the processors; default: arm64.", show_default=False))

_DATABASE_CLASS = cast("OptionInfo", typer.Option(help="Of PostgreSQL; default: db.t4g.micro.", show_default=False))


def cost(
    context: typer.Context,
    *,
    rows: Annotated[float | None, _value("rows")] = None,
    row_bytes: Annotated[float | None, _value("row_bytes")] = None,
    snapshot_row_bytes: Annotated[float | None, _value("snapshot_row_bytes")] = None,
    reads_per_month: Annotated[float | None, _value("reads_per_month")] = None,
    writes_per_month: Annotated[float | None, _value("writes_per_month")] = None,
    rows_per_write: Annotated[float | None, _value("rows_per_write")] = None,
    publishes_per_month: Annotated[float | None, _value("publishes_per_month")] = None,
    projected_per_month: Annotated[float | None, _value("projected_per_month")] = None,
    maintained_per_month: Annotated[float | None, _value("maintained_per_month")] = None,
    rows_per_read: Annotated[float | None, _value("rows_per_read")] = None,
    reads_per_sandbox: Annotated[float | None, _value("reads_per_sandbox")] = None,
    writes_per_sandbox: Annotated[float | None, _value("writes_per_sandbox")] = None,
    sandboxes: Annotated[float | None, _value("sandboxes")] = None,
    architecture: Annotated[Architecture | None, _ARCHITECTURE] = None,
    memory_mb: Annotated[float | None, _value("memory_mb")] = None,
    tmp_mb: Annotated[float | None, _value("tmp_mb")] = None,
    tracing: Annotated[float | None, _value("tracing")] = None,
    check_interval_ms: Annotated[float | None, _value("check_interval_ms")] = None,
    retain_s: Annotated[float | None, _value("retain_s")] = None,
    verify_max_bytes: Annotated[float | None, _value("verify_max_bytes")] = None,
    sqlite_efs_ms: Annotated[float | None, _value("sqlite_efs_ms")] = None,
    sqlite_tmp_ms: Annotated[float | None, _value("sqlite_tmp_ms")] = None,
    ddb_ms: Annotated[float | None, _value("ddb_ms")] = None,
    write_ms: Annotated[float | None, _value("write_ms")] = None,
    init_ms: Annotated[float | None, _value("init_ms")] = None,
    ddb_first_ms: Annotated[float | None, _value("ddb_first_ms")] = None,
    projector_ms: Annotated[float | None, _value("projector_ms")] = None,
    read_units: Annotated[float | None, _value("read_units")] = None,
    efs_reads_per_read: Annotated[float | None, _value("efs_reads_per_read")] = None,
    cold_efs_reads: Annotated[float | None, _value("cold_efs_reads")] = None,
    jobs: Annotated[float | None, _value("jobs")] = None,
    imports_per_month: Annotated[float | None, _value("imports_per_month")] = None,
    rows_per_import: Annotated[float | None, _value("rows_per_import")] = None,
    import_rows_per_s: Annotated[float | None, _value("import_rows_per_s")] = None,
    rebuilds_per_month: Annotated[float | None, _value("rebuilds_per_month")] = None,
    lake: Annotated[float | None, _value("lake")] = None,
    lake_rounds: Annotated[float | None, _value("lake_rounds")] = None,
    lake_row_bytes: Annotated[float | None, _value("lake_row_bytes")] = None,
    notifications: Annotated[float | None, _value("notifications")] = None,
    notified_addresses: Annotated[float | None, _value("notified_addresses")] = None,
    worker_memory_mb: Annotated[float | None, _value("worker_memory_mb")] = None,
    edge: Annotated[float | None, _value("edge")] = None,
    cached: Annotated[float | None, _value("cached")] = None,
    answer_row_bytes: Annotated[float | None, _value("answer_row_bytes")] = None,
    page_views_per_month: Annotated[float | None, _value("page_views_per_month")] = None,
    edge_log_days: Annotated[float | None, _value("edge_log_days")] = None,
    firewall: Annotated[float | None, _value("firewall")] = None,
    sessions: Annotated[float | None, _value("sessions")] = None,
    sessions_per_month: Annotated[float | None, _value("sessions_per_month")] = None,
    minutes_per_session: Annotated[float | None, _value("minutes_per_session")] = None,
    postgres: Annotated[float | None, _value("postgres")] = None,
    database_class: Annotated[DatabaseClass | None, _DATABASE_CLASS] = None,
    multi_az: Annotated[float | None, _value("multi_az")] = None,
    proxy: Annotated[float | None, _value("proxy")] = None,
    backup_days: Annotated[float | None, _value("backup_days")] = None,
    postgres_ms: Annotated[float | None, _value("postgres_ms")] = None,
    postgres_first_ms: Annotated[float | None, _value("postgres_first_ms")] = None,
    feed_ms: Annotated[float | None, _value("feed_ms")] = None,
    from_benchmark: Annotated[Path | None, typer.Option(help="Take what a result of `bench` measured.")] = None,
    url: Annotated[str, typer.Option(help="Take the number of rows and their size from an API's own.")] = "",
    workload: Annotated[MainWorkload, typer.Option(help="What most reads are like, of those measured.")] = "newest-100",
    within_ms: Annotated[float | None, typer.Option(min=0, help="What the p99 should meet, for the verdict.")] = None,
    with_levers: Annotated[bool, typer.Option("--levers", help="Add what saves money, and how much.")] = False,
    price_file: Annotated[Path, typer.Option("--prices", help="Other prices.", show_default=False)] = prices.OWN_FILE,
    as_json: JsonOption = False,
) -> None:
    """Say what each read path costs in a month, where the cheapest changes, and which one to use."""
    given: ScenarioValues = {
        name: value for name, value in context.params.items() if name in names() and value is not None
    }
    check_needs(given)
    if from_benchmark is not None and url:
        raise typer.BadParameter("--from-benchmark says how large the rows are: leave out --url")
    price_list = prices.load(price_file)
    if from_benchmark is not None:
        found, decided = _with_verdict(price_list, given, from_benchmark, workload, within_ms)
    elif within_ms is not None:
        raise ConsoleError("--within-ms needs measured times", "add --from-benchmark FILE, a result of `bench`", 2)
    elif url:
        found, decided = _of_rows(price_list, given, url), None
    else:
        found, decided = Study.from_assembled(price_list, assemble(given, {})), None
    saving = levers(price_list.prices, found.assembled.scenario) if with_levers else []
    if as_json:
        terminal.print_json(_content(found, decided, saving))
    else:
        _print(found, decided, saving)


def _with_verdict(
    price_list: PriceList, given: ScenarioValues, path: Path, workload: MainWorkload, within_ms: float | None
) -> tuple[Study, Verdict]:
    measured = result.load(path)
    case = Case.from_sizes(measured.environment, measured.sizes, price_list, given, workload)
    return case.study, decide(case, within_ms)


def _of_rows(price_list: PriceList, given: ScenarioValues, url: str) -> Study:
    """Look at the costs of the rows that an API has."""
    from console.benchmark.data import look_at  # noqa: PLC0415 - with what loads rows, which few verbs need

    with Client(url) as client:
        region, size = find_region(environment(client)), look_at(client)
    measured = data_values([size], size, given.get("rows", size.rows))
    return Study.from_assembled(price_list, assemble(given, measured), region)


def _content(found: Study, decided: Verdict | None, saving: Sequence[Lever]) -> dict[str, object]:
    """Return the result for other programs."""
    numbers, known = found.assembled.scenario.numbers(), found.price_list
    values: ScenarioValues = {**numbers, **found.assembled.scenario.choices()}
    origins = found.assembled.origins
    return {
        "prices": {"date": known.date, "region": known.region, "currency": known.currency},
        "stack_region": found.stack_region,
        "scenario": {name: {"value": value, "origin": origins[name]} for name, value in values.items()},
        "cannot_run": found.cannot_run,
        "usd_per_month": {source: found.totals_usd.get(source) for source in found.assembled.scenario.homes},
        "usd_per_month_by_service": {source: found.bills.get(source) for source in found.assembled.scenario.homes},
        "usd_per_month_of_work_by_service": found.work,
        "usd_per_month_of_postgres": found.database,
        "postgres_cheaper_than_ddb_from": found.postgres_from,
        "cheapest": found.cheapest,
        "crossings": {name: [asdict(it) for it in crossings] for name, crossings in found.crossings.items()},
        "sensitivity": [asdict(swing) for swing in found.swings],
        "levers": [asdict(lever) for lever in saving] or None,
        "verdict": decided.content() if decided else None,
    }


def _print(found: Study, decided: Verdict | None, saving: Sequence[Lever]) -> None:
    console = terminal.results()
    tables = [cost_table(found), work_table(found), lever_table(saving) if saving else None]
    for number, table in enumerate(filter(None, tables)):
        console.print(*([""] if number else []), table, sep="\n")
    said = [*paragraphs(found), *(decided.text().splitlines() if decided else [])]
    for paragraph in said:
        console.print(f"\n{_filled(paragraph, console.width)}")


def _filled(paragraph: str, width: int) -> str:
    """Fill a paragraph as wide as the terminal; its own lines stay."""
    return "\n".join(
        textwrap.fill(line, width, subsequent_indent="  ", break_on_hyphens=False) for line in paragraph.splitlines()
    )
