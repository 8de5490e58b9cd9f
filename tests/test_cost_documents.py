"""What the documents say of dollars is what the model says of the prices in console/costs/prices.json."""

from __future__ import annotations

import re
from dataclasses import replace
from math import fsum
from pathlib import Path
from typing import get_args

import pytest
from rich.console import Console

from console.costs import prices
from console.costs.bill import bill, totals_usd
from console.costs.crossover import crossings
from console.costs.database.instance import DATABASE_BYTES_A_ROW_BYTE, LEAST_STORAGE_GB, database_bill
from console.costs.front.edge import answers_bytes, edge_bill
from console.costs.front.sessions import asked_bill, sessions_bill
from console.costs.levers import levers, tiering_usd
from console.costs.merges import publish_bytes, written_rows
from console.costs.options.inputs import INPUTS, option
from console.costs.prices import DatabaseClass
from console.costs.scenario import Scenario, assemble
from console.costs.study import Study, find_postgres_from
from console.costs.tables import cost_table, paragraphs, usd_saved
from console.costs.work import POLLS, REBUILT_ROWS_PER_S, jobs_bill, lake_bill, notifications_bill, work_bills
from console.verdict.inputs import Case
from console.verdict.verdict import decide
from console.wording import quantity
from handlers.ledger.transaction import ROWS_PER_TRANSACTION
from handlers.routes import SOURCES
from tests.infra.program import project_schema
from tests.support.costs import page_of_random_rows, read, result_of
from tests.support.results import figures

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

ROOT = Path(__file__).parent.parent
README, FAQ, DEPLOYMENT, COSTS, NOTIFICATIONS, OPERATIONS, LAKE, JOBS, EDGE = (
    (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "README.md",
        *(
            f"docs/{it}.md"
            for it in ("faq", "deployment", "costs", "notifications", "operations", "lake", "jobs", "edge")
        ),
    )
)
PULUMI = (ROOT / "Pulumi.yaml").read_text(encoding="utf-8")
COLUMNS = ("sqlite-tmp", "sqlite-efs", "ddb")  # of the table in docs/deployment.md
PRICES = prices.load().prices
A_MILLION = Scenario(row_bytes=115, writes_per_month=0, reads_per_sandbox=1e9, tracing=1)
IDLE = Scenario(row_bytes=115, writes_per_month=0, reads_per_month=0)


def for_reads(scenario: Scenario, source: str) -> dict[str, float]:
    """What its reads add to a month's bill."""
    idle = bill(PRICES, replace(scenario, reads_per_month=0), source)
    return {service: usd - idle[service] for service, usd in bill(PRICES, scenario, source).items()}


def cells(label: str) -> list[str]:
    (line,) = re.findall(rf"^\| \**{re.escape(label)}\** \| (.*) \|$", DEPLOYMENT, re.MULTILINE)
    return [cell.strip("* ") for cell in line.split("|")]


def two_digits(usd: float) -> str:
    return f"{usd:.2f}"


@pytest.mark.parametrize("service", bill(PRICES, A_MILLION, "ddb"))
def test_a_million_reads_cost_what_the_table_says(service: str) -> None:
    said = [two_digits(for_reads(A_MILLION, source)[service]) for source in COLUMNS]
    if f"| {service} |" not in DEPLOYMENT:
        assert said == ["0.00"] * 3
    else:
        assert cells(service) == said


def test_the_sums_are_those_of_the_model() -> None:
    with_traces = [sum(for_reads(A_MILLION, source).values()) for source in COLUMNS]
    traces_usd = for_reads(A_MILLION, "ddb")["traces"]
    without = [total - traces_usd for total in with_traces]
    assert cells("sum") == list(map(two_digits, with_traces))
    assert cells("sum without traces") == list(map(two_digits, without))
    _, sqlite_usd, ddb_usd = map(two_digits, without)
    for said in (f"{sqlite_usd} USD by", f"{ddb_usd} USD by `ddb`", f"up to {traces_usd:.2f} USD for traces"):
        assert said in " ".join(DEPLOYMENT.split())
    assert f"add {sqlite_usd} USD on the SQLite paths and {ddb_usd} USD on `ddb`" in " ".join(README.split())
    assert f"between {sqlite_usd} and {ddb_usd} USD" in " ".join(FAQ.split())


def test_an_idle_month_costs_what_the_documents_say() -> None:
    lines = bill(PRICES, IDLE, "sqlite-efs")
    total = two_digits(totals_usd(PRICES, IDLE)["sqlite-efs"])
    items = two_digits(lines["DynamoDB storage"] + lines["DynamoDB recovery"])
    assert f"idle, with 100,000 rows, {total} USD a month" in " ".join(README.split())
    assert f"{total} USD a month with 100,000 rows" in FAQ
    said = f"Idle: {total} USD a month with 100 000 rows (table, index and recovery {items}, "
    assert f"{said}segments on EFS {two_digits(lines['EFS storage'])}, " in " ".join(DEPLOYMENT.split())


def test_new_sandboxes_and_publishes_cost_what_the_document_says() -> None:
    renewed = replace(A_MILLION, reads_per_sandbox=1000)
    tmp, efs = (two_digits(for_reads(renewed, source)["EFS reads"]) for source in ("sqlite-tmp", "sqlite-efs"))
    assert f"`sqlite-tmp` costs {tmp} USD more" in DEPLOYMENT
    assert f"without reading it, {efs} USD" in DEPLOYMENT
    a_write = replace(IDLE, writes_per_month=1)
    a_publish, size = bill(PRICES, a_write, "sqlite-tmp")["EFS writes"], f"{publish_bytes(a_write) / 1000:.0f} KB"
    assert f"writes some {size}, {a_publish:.7f} USD" in DEPLOYMENT
    assert f"writes some {size} at any size" in README


def test_the_example_is_what_the_verb_says() -> None:
    found = Study.from_assembled(prices.load(), assemble({"reads_per_month": 5e6, "writes_per_month": 200.0}, {}))
    console = Console(width=100)
    with console.capture() as capture:
        console.print(cost_table(found))
    table = [line.rstrip() for line in capture.get().splitlines()]
    said = "\n".join([*table, *(f"\n{paragraph}" for paragraph in paragraphs(found)[:3])])
    assert f"```\n{said}\n```" in COSTS


def test_what_runs_without_a_request_costs_what_the_document_says() -> None:
    million, alone = replace(IDLE, writes_per_month=1e6), {"projected_per_month": 0.0}
    after_inserts, without = (totals_usd(PRICES, replace(million, **more))["sqlite-efs"] for more in ({}, alone))
    assert f"| the projector, after inserts | {after_inserts - without:.2f} USD a million inserts |" in COSTS
    rounds, none = (totals_usd(PRICES, replace(IDLE, maintained_per_month=n))["sqlite-efs"] for n in (720, 0))
    assert 0 < rounds - none < 0.01
    hashed_gb = 720 * replace(IDLE, rows=50_000).snapshot_bytes / 2**30
    assert f"{hashed_gb:.1f} GB of 50,000 rows" in COSTS
    assert f"up to 16 MiB, {hashed_gb * PRICES.efs_read.each:.2f} USD" in COSTS
    reads = 30 * IDLE.rows * IDLE.row_bytes / 4096 * PRICES.dynamodb_read_unit.each
    proofs = 30 * IDLE.snapshot_bytes / 2**30 * PRICES.efs_read.each
    said = f"{reads + proofs:.2f} USD for 100,000 rows | 30 times all rows from the ledger ({reads:.2f})"
    assert f"| `fullVerification` | {said} and all segments from EFS ({proofs:.2f})" in COSTS
    calls, second = 30 * 24 * 12, PRICES.lambda_time_arm64.each
    own, each = (calls * (PRICES.lambda_request.each + seconds * second) for seconds in (0.25, 0.2))
    assert f"| `warmSandboxes: N` | {own:.2f} + {each:.3f} × N USD |" in COSTS  # noqa: RUF001 - times


def test_the_verdict_that_is_quoted_is_what_the_verb_says() -> None:
    quoted = " ".join(line.removeprefix("> ") for line in COSTS.splitlines() if line.startswith("> "))
    result = result_of(read("sqlite-efs"), read("sqlite-tmp"), read("ddb", figures(5.0)))
    load = {"reads_per_month": 1e7, "publishes_per_month": 100.0}
    said = decide(Case.from_sizes(result.environment, result.sizes, prices.load(), load)).paragraph
    assert said.startswith(f"{quoted} What would make ddb the cheapest: ")


def test_the_bill_in_the_output_of_the_demo_is_that_of_the_model() -> None:
    (copied_mb,) = re.findall(r"sqlite-tmp copies (\d\.\d\d) MB", README)
    local = result_of(read("sqlite-efs"), rows=10_000, is_local=True)
    measured = replace(local.sizes[0], snapshot_bytes=int(float(copied_mb) * 1_000_000))
    totals = Case.from_sizes(local.environment, (measured,), prices.load(), {}).study.totals_usd
    efs, tmp, ddb = (two_digits(totals[source]) for source in SOURCES)
    said = f"It costs {efs} USD a month, with no real difference to sqlite-tmp ({tmp}) and ddb ({ddb})."
    assert said in " ".join(README.split())


def test_the_writes_from_which_another_path_is_the_cheapest_are_those_of_the_model() -> None:
    """A bill without writes is half of the truth: this is the other half, which stands beside it."""
    (change,) = crossings(lambda writes: totals_usd(PRICES, Scenario(writes_per_month=writes)), 1, 1e6)
    assert (change.below, change.above) == (("sqlite-efs",), ("ddb",))
    a_month, a_day = quantity(change.at), quantity(change.at / 30)
    for text in (README, FAQ):
        said = f"SQLite on EFS is cheapest up to some {a_month} inserts a month, about {a_day} a day;"
        assert said in " ".join(text.split())
    before = 245  # when each publish wrote the whole file
    moved = f"up to some {a_month} inserts a month: {change.at / before:.0f} times as many as the {before} of the time"
    assert moved in " ".join(COSTS.split())


def test_up_to_there_the_two_are_less_than_a_dollar_apart() -> None:
    assert "Up to there the two are less than a dollar apart" in " ".join(README.split())
    for writes in range(0, 54_000, 1000):
        totals = totals_usd(PRICES, Scenario(writes_per_month=writes))
        assert abs(totals["sqlite-efs"] - totals["ddb"]) < 1


def test_the_rows_that_the_merge_rule_writes_are_those_of_the_model() -> None:
    for added, inserts in ((1, "one row"), (100, "100")):
        assert re.search(rf"[:,] {written_rows(added):,.0f} with inserts of {inserts}\b", COSTS)


@pytest.mark.parametrize("name", INPUTS)
def test_every_assumption_is_documented_with_its_default(name: str) -> None:
    default = getattr(Scenario(), name)
    shown = f" {default:.12g} " if default is not None else ".*"
    assert re.search(rf"^\| `{re.escape(option(name))}` \|{shown}\|", COSTS, re.MULTILINE)


def test_every_service_on_the_bill_has_a_formula() -> None:
    for service in bill(PRICES, IDLE, SOURCES[0]):
        assert f"\n| {service} | " in COSTS


def test_what_nobody_waits_for_costs_what_the_documents_say() -> None:
    idle = replace(IDLE, jobs=1)
    jobs_usd = fsum(jobs_bill(PRICES, idle).values())
    million = jobs_bill(PRICES, replace(idle, imports_per_month=1, rows_per_import=1e6))
    rows_usd, writes_usd = 1e6 * 3 * PRICES.dynamodb_write_unit.each, million["DynamoDB writes"]
    rebuilt = fsum(jobs_bill(PRICES, replace(idle, rows=1e6, rebuilds_per_month=1)).values())
    lake = replace(IDLE, lake=1)
    lake_usd = fsum(lake_bill(PRICES, lake).values())
    spread = replace(lake, writes_per_month=1e3)
    table = {
        "`jobs`, idle": f"{jobs_usd:.2f} USD",
        "a million rows imported, with jobs on": (
            f"{fsum(million.values()) - jobs_usd:.2f} USD, of which {rows_usd:.2f} are the rows and their index, "
            f"as with any insert, and {writes_usd - rows_usd:.2f} the head and the records"
        ),
        "a snapshot of a million rows built anew": f"{rebuilt - jobs_usd:.2f} USD",
        "`lake`, with 1,000 inserts spread over the month": f"{fsum(lake_bill(PRICES, spread).values()):.2f} USD",
    }
    for name, said in table.items():
        assert f"| {name} | {said}" in COSTS
    assert 0 < lake_usd < 0.01
    assert f"{2 * POLLS / 1e6:.1f} million requests" in COSTS
    assert f"2 × {POLLS:,.0f} long polls" in COSTS  # noqa: RUF001 - times
    told = replace(IDLE, notifications=1, publishes_per_month=1e6)
    lines = notifications_bill(PRICES, told)
    for text in (COSTS, NOTIFICATIONS):
        assert re.search(rf"told to queues (\| |are ){fsum(lines.values()):.2f} USD", text)
    assert 0.4 < lines["Lambda time"] / fsum(lines.values()) < 0.6
    assert f"| e-mails | {1000 * PRICES.sns_email.each:.2f} USD for 1,000" in COSTS


def test_each_setting_of_what_nobody_waits_for_says_its_price() -> None:
    busy = Scenario(row_bytes=115, reads_per_month=1e7, writes_per_month=1e5, jobs=1, lake=1, notifications=1)
    idle = replace(busy, reads_per_month=0, writes_per_month=0)
    for name in ("jobs", "lake", "notifications"):
        at_rest, at_work = (fsum(work_bills(PRICES, each)[name].values()) for each in (idle, busy))
        assert re.search(rf"^\| `{name}: true` \| {at_rest:.2f}\b.* \| {at_work:.2f}\b.* \|$", OPERATIONS, re.MULTILINE)
    settings = project_schema()
    assert f"Idle {fsum(jobs_bill(PRICES, idle).values()):.2f} USD a month" in one_line(settings["jobs"]["description"])
    million = fsum(notifications_bill(PRICES, replace(idle, publishes_per_month=1e6)).values())
    assert f"{million:.2f} USD a million messages" in one_line(settings["notifications"]["description"])


def test_what_saves_money_saves_what_the_table_says() -> None:
    said = COSTS.split("## What saves money")[1].split("\n\n")[2].splitlines()[2:]
    shipped = levers(PRICES, Scenario())
    assert said == [
        f"| {lever.name} | {'yes' if lever.is_shipped else 'no'} | "
        + " | ".join(usd_saved(lever.saved_usd[source]) for source in SOURCES)
        + " |"
        for lever in shipped
    ]


def test_postgresql_costs_what_the_document_says() -> None:
    said = COSTS.split("| USD a month, whatever is read |")[1].split("\n\n")[0].splitlines()[2:]
    ways: tuple[dict[str, float], ...] = ({}, {"proxy": 1.0}, {"multi_az": 1.0}, {"multi_az": 1.0, "proxy": 1.0})
    there = Scenario(postgres=1)
    classes: tuple[DatabaseClass, ...] = get_args(DatabaseClass)
    assert said == [
        f"| `{each}` | "
        + " | ".join(
            f"{fsum(database_bill(PRICES, replace(there, database_class=each, **way)).values()):.2f}" for way in ways
        )
        + " |"
        for each in classes
    ]
    least_gb = LEAST_STORAGE_GB * prices.GB / (there.row_bytes * DATABASE_BYTES_A_ROW_BYTE)
    assert f"{LEAST_STORAGE_GB:g} GB have room for {quantity(least_gb)} rows" in COSTS


def test_postgresql_beats_ddb_from_the_reads_that_the_document_says() -> None:
    there = Scenario(postgres=1)
    shown = [
        quantity(find_postgres_from(PRICES, each) or 0)
        for each in (
            there,
            replace(there, proxy=1),
            replace(there, rows_per_read=1),
            replace(there, rows_per_read=1000),
        )
    ]
    hundred, behind_a_proxy, one, thousand = shown
    said = f"{hundred} reads a month of 100 rows ({behind_a_proxy} with a proxy), {one} of one row by its id,"
    assert f"{said} {thousand} of 1,000 rows" in one_line(COSTS)
    for reads in (1e6, 1e8, 1e11):
        usd = totals_usd(PRICES, replace(there, reads_per_month=reads))
        assert usd["sqlite-efs"] < usd["postgres"]


def test_what_is_said_of_tiering_is_so() -> None:
    packed = [size for size in range(100, 200) if tiering_usd(PRICES, Scenario(lake_row_bytes=size)) < 0]
    least, enough = packed[0], packed[-1] + 1
    assert f"From {least} bytes a row to {enough} watching" in one_line(COSTS)
    assert f"is for rows that take over {enough} bytes in the lake" in one_line(COSTS)
    assert f"where a row takes over {enough} bytes in the lake" in one_line(LAKE)
    assert any(lever.name.endswith(f"over {enough} bytes packed") for lever in levers(PRICES, Scenario()))
    large = tiering_usd(PRICES, Scenario(rows=1e6, lake_row_bytes=1000))
    assert f"at a million rows of 1,000 bytes there it saves {large:.2f} USD a month" in one_line(COSTS)


def test_a_page_of_the_lake_is_as_large_as_two_documents_say() -> None:
    bulk, single = (len(page_of_random_rows(rows).content) for rows in (ROWS_PER_TRANSACTION, 1))
    for text in (COSTS, LAKE):
        assert f"{bulk / 1000:.0f} KB in bulk, {single / 1000:.0f} KB one by one" in one_line(text)
    put = 1e3 * PRICES.s3_put.each + 1e6 * 115 / 4096 * PRICES.dynamodb_read_unit.each
    stored = 1e3 * bulk / 2**30 * PRICES.s3_storage.each
    assert f"| a million rows put into the lake at once | {put:.2f} USD, and {stored:.4f} a month" in COSTS
    for size, name in ((bulk, "in bulk"), (single, "one by one")):
        assert f"{size * 1e4 / 1e9:.2f} GB {name}" in LAKE
    kept_usd = [size * 1e4 / 2**30 * PRICES.s3_storage.each for size in (bulk, single)]
    assert " and ".join(f"{usd:.3f}" for usd in kept_usd) + " a month |" in LAKE


def test_rounds_of_five_minutes_cost_what_is_said_of_them() -> None:
    lake = replace(IDLE, lake=1)
    (idle, busy), (idle_hourly, busy_hourly) = (
        [fsum(lake_bill(PRICES, replace(each, writes_per_month=writes)).values()) for writes in (0, 1e5)]
        for each in (replace(lake, lake_rounds=8640), lake)
    )
    assert idle_hourly < 0.01
    assert (
        f"Every five minutes in place of every hour is {idle:.2f} USD a month while nothing is added, in place of less "
        f"than 0.01, and {busy:.2f} where rows come in between all rounds, in place of {busy_hourly:.2f}."
    ) in one_line(LAKE)


def test_the_pace_of_a_rebuild_is_that_of_its_simulation() -> None:
    (line,) = re.findall(r"^\| the same in one sandbox, s \| (.*) \|$", JOBS, re.MULTILINE)
    _, _, typical_s, slow_s = map(float, line.split("|"))
    assert 1e7 / slow_s == pytest.approx(REBUILT_ROWS_PER_S, rel=0.02)
    assert f"whose typical one is {1e7 / typical_s / 1000:.0f},000" in COSTS


def one_line(text: str) -> str:
    return " ".join(text.split())


FRONTS = replace(IDLE, page_views_per_month=0, sessions_per_month=0)
A_MILLION_SEEN = Scenario(row_bytes=115, writes_per_month=0)


def of_fronts(scenario: Scenario, **more: float) -> str:
    return f"{totals_usd(PRICES, replace(scenario, **more))['sqlite-efs']:.2f}"


def test_an_edge_costs_what_its_table_says() -> None:
    edge, firewall = {"edge": 1.0}, {"edge": 1.0, "firewall": 1.0}
    table = {"idle": (FRONTS, 0.0)} | {
        f"a million reads, {share:.0%} of them answered by the edge".replace("%", " %"): (A_MILLION_SEEN, share)
        for share in (0.0, 0.5, 0.95)
    }
    for name, (scenario, share) in table.items():
        without = "" if share else f" {of_fronts(scenario)}"
        said = " | ".join(of_fronts(scenario, cached=share, **more) for more in (edge, firewall))
        assert f"\n| {name} |{without} | {said} |\n" in EDGE


def test_what_stands_in_front_costs_by_service_what_the_document_says() -> None:
    idle, busy = (edge_bill(PRICES, replace(each, edge=1, firewall=1, cached=0.5)) for each in (FRONTS, A_MILLION_SEEN))
    for name, usd in busy.items():
        if usd >= 0.005:
            assert f"\n| {name} | {cents(idle.get(name, 0))} | {cents(usd)} |\n" in EDGE
    rest = sum(usd for usd in busy.values() if usd < 0.005)
    assert rest < 0.01
    traffic_usd = answers_bytes(A_MILLION_SEEN) / 2**30 * PRICES.internet_transfer.each
    assert f"{traffic_usd:.2f} USD of the gateway's own traffic" in one_line(EDGE)


def test_sessions_cost_what_the_document_says() -> None:
    idle, busy = (fsum(sessions_bill(PRICES, replace(each, sessions=1)).values()) for each in (FRONTS, A_MILLION_SEEN))
    assert f"Sessions are {idle:.2f} USD idle, and {busy:.2f} with 1,000 of them" in one_line(EDGE)
    each_read = asked_bill(PRICES, A_MILLION_SEEN, 1e6)
    million_usd = f"{fsum(each_read.values()):.2f}"
    assert f"With each of a million reads they would be asked for at {million_usd} USD" in one_line(EDGE)
    key_usd = sessions_bill(PRICES, replace(A_MILLION_SEEN, sessions=1))["Secrets Manager"]
    said = (
        f"| 0.40 | 0.40 to {key_usd:.2f} for the key, 0.01 for 1,000 sessions, and {million_usd} for a million minutes"
    )
    assert said in OPERATIONS
    (described,) = re.findall(r"in a minute in which it reads, ([\d.]+) USD a million times", one_line(PULUMI))
    assert described == million_usd


def test_a_request_costs_what_is_said_with_an_edge_and_without() -> None:
    edge = PRICES.cloudfront_request.usd + PRICES.cloudfront_function.usd
    own = fsum(for_reads(replace(A_MILLION, tracing=0), "sqlite-efs").values())
    said = f"a request costs CloudFront {edge:.2f} USD a million, function included, and the gateway with the function"
    assert f"{said} behind it some {own:.2f}" in one_line(COSTS)


def cents(usd: float) -> str:
    return f"{usd:.2f}" if usd >= 0.005 else "-"
