from __future__ import annotations

import pytest
from rich.console import Console

from console.costs.scenario import assemble, names
from console.costs.study import Study
from console.costs.tables import cost_table, paragraphs, usd_saved, work_table
from handlers.routes import HOMES, SOURCES
from tests.support.costs import PRICE_LIST, assumed

pytestmark = pytest.mark.usefixtures("rows_as_shipped")


def shown(found: Study) -> list[list[str]]:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(cost_table(found))
    return [line.rsplit(None, 3) for line in capture.get().splitlines() if line.strip(" ─")]


def test_the_table_has_a_line_for_each_service_and_the_sum() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed())
    head, *lines, last = shown(found)
    assert head == ["USD a month", *SOURCES]
    assert [label for label, *_ in lines] == list(found.bills["ddb"])
    assert last == ["sum", *(f"{found.totals_usd[source]:,.2f}" for source in SOURCES)]


def test_little_is_not_nothing() -> None:
    cells = {label: rest for label, *rest in shown(Study.from_assembled(PRICE_LIST, assumed()))}
    assert cells["DynamoDB recovery"] == ["<0.01"] * 3
    assert cells["EFS storage"] == ["0.01", "0.01", "-"]


def test_what_nobody_waits_for_has_a_table_where_any_of_it_is_on() -> None:
    assert work_table(Study.from_assembled(PRICE_LIST, assumed())) is None
    found = Study.from_assembled(PRICE_LIST, assumed(jobs=1, notifications=1))
    table = work_table(found)
    assert table is not None
    assert [column.header for column in table.columns] == ["USD a month, on every path", "jobs", "notifications"]
    cells = dict(zip(*(list(table.columns[place].cells) for place in (0, 1)), strict=True))
    assert set(cells) == {*found.work["jobs"], *found.work["notifications"]}
    assert (cells["SQS requests"], cells["Step Functions"], cells["SNS messages"]) == ("0.52", "-", "-")
    assert table.columns[1].footer == "0.52"


@pytest.mark.parametrize(
    ("amount", "said"), [(5.005, "5.00"), (0.001, "<0.01"), (0, "0.00"), (-1e-9, "0.00"), (-0.3, "-0.30")]
)
def test_a_saving_may_be_none_or_less(amount: float, said: str) -> None:
    assert usd_saved(amount) == said


def test_the_figures_in_words() -> None:
    cheapest, changes, sensitivity, settings, assumed_values, prices = paragraphs(
        Study.from_assembled(PRICE_LIST, assumed())
    )
    assert cheapest == (
        "Cheapest: sqlite-efs; no real difference to sqlite-tmp (0.87 USD more) and ddb (0.44 USD more)."
    )
    assert changes.splitlines() == [
        "The cheapest path changes, all else being as it is, at",
        "  reads a month: 45,800, from ddb to sqlite-efs",
        "  reads in a sandbox's life: 24, from ddb to sqlite-efs",
        "  rows: 52,900, from sqlite-efs and sqlite-tmp to ddb; 54,000, from ddb to sqlite-efs; "
        "5.21 million, from sqlite-efs to ddb",
        "  publishes a month: 39,000, from sqlite-efs to ddb",
    ]
    assert sensitivity == "The assumption that matters most is --row-bytes: at 57.5 ddb is cheapest, at 230 sqlite-efs."
    assert assumed_values.startswith("Assumed: --rows 100000, --row-bytes 115, --snapshot-row-bytes 310.5, ")
    assert settings == (
        "As the stack is set by default: --maintained-per-month 720, --memory-mb 1024, --tmp-mb 512, "
        "--architecture arm64, --tracing 0, --check-interval-ms 1000, --retain-s 3600, --verify-max-bytes 16777216, "
        "--jobs 0, --lake 0, --lake-rounds 720, --notifications 0, --worker-memory-mb 1024, "
        "--edge 0, --edge-log-days 0, --firewall 0, --sessions 0, --postgres 0, --database-class db.t4g.micro, "
        "--multi-az 0, --proxy 0, --backup-days 7."
    )
    assert prices.startswith("List prices of us-test-1, 2026-01-02, without free tiers;")


def test_an_assumption_that_makes_one_other_path_the_cheapest_either_way_is_said_to() -> None:
    sensitivity = paragraphs(Study.from_assembled(PRICE_LIST, assumed(writes_per_month=45_000.0)))[2]
    assert sensitivity == "The assumption that matters most is --snapshot-row-bytes: at 155 or 621 ddb is cheapest."


def test_an_assumption_that_changes_no_path_is_said_with_what_it_moves() -> None:
    sensitivity = paragraphs(Study.from_assembled(PRICE_LIST, assumed(rows=1000.0)))[2]
    assert sensitivity == (
        "No assumption, halved or doubled, makes another path the cheapest; "
        "--sqlite-efs-ms moves its bill furthest, 1.55 to 1.60 USD."
    )


def test_what_is_about_as_cheap_is_said_to_be() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(writes_per_month=1e5))
    assert paragraphs(found)[0] == ("Cheapest: ddb; no real difference to sqlite-efs (0.54 USD more).")
    far = Study.from_assembled(PRICE_LIST, assumed(reads_per_month=1e7))
    assert paragraphs(far)[0] == "Cheapest: sqlite-efs."


def test_what_cannot_run_has_no_price_and_its_reason_comes_first() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(rows=5e6, snapshot_row_bytes=3000.0))
    assert paragraphs(found)[:2] == [
        "sqlite-efs and sqlite-tmp cannot run: a segment of 750 MB cannot be built in 512 MB of /tmp "
        "(set tmpMb, at most 10,240).",
        "Cheapest: ddb.",
    ]
    _, *lines, last = shown(found)
    assert all(line[1:3] == ["-", "-"] for line in lines)
    assert " ".join(" ".join(last).split()) == f"sum cannot run cannot run {found.totals_usd['ddb']:,.2f}"


def test_the_path_that_cannot_copy_is_named_alone() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(rows=5e6))
    assert paragraphs(found)[0] == (
        "sqlite-tmp cannot run: a copy of 1,552 MB does not fit in 512 MB of /tmp (set tmpMb, at most 10,240)."
    )


def test_paths_that_cost_the_same_are_named_together() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(rows=1000.0))
    assert paragraphs(found)[0] == (
        "Cheapest: sqlite-efs and sqlite-tmp, which cost the same; no real difference to ddb (0.46 USD more)."
    )


def test_where_values_come_from_is_said() -> None:
    assembled = assemble({"rows": 10.0, "architecture": "x86"}, {"ddb_ms": 7.0})
    said = paragraphs(Study.from_assembled(PRICE_LIST, assembled))
    assert "Given: --rows 10, --architecture x86." in said
    assert "Measured: --ddb-ms 7." in said


def test_where_everything_is_given_nothing_is_assumed() -> None:
    known = Study.from_assembled(PRICE_LIST, assumed()).assembled.scenario
    given = {name: getattr(known, name) for name in names()} | {
        "snapshot_row_bytes": 310.5,
        "publishes_per_month": 1000.0,
        "read_units": 4.0,
    }
    said = paragraphs(Study.from_assembled(PRICE_LIST, assemble(given, {})))
    assert "Nothing is assumed." in said
    assert not any(paragraph.startswith("Assumed") for paragraph in said)


def test_where_nothing_changes_the_cheapest_path_that_is_said() -> None:
    changes = paragraphs(Study.from_assembled(PRICE_LIST, assumed(read_units=0.0, ddb_ms=0.0, writes_per_month=1e5)))[1]
    assert changes.splitlines() == [
        "The cheapest path changes, all else being as it is",
        "  never by reads a month, reads in a sandbox's life, rows and publishes a month alone",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "cheaper than ddb from "),
        ({"read_units": 0.0, "ddb_ms": 0.0, "ddb_first_ms": 0.0}, "; never cheaper than ddb by reads a month alone."),
        ({"read_units": 1e6}, "; always cheaper than ddb."),
    ],
    ids=["from some on", "never", "always"],
)
def test_postgresql_s_price_is_said_by_its_parts(given: dict[str, float], said: str) -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(postgres=1.0, proxy=1.0, **given))
    (sentence,) = (text for text in paragraphs(found) if text.startswith("PostgreSQL: "))
    parts = "(machine 11.52, storage 2.00, proxy 21.60, secret 0.40)"
    assert sentence.startswith(f"PostgreSQL: 35.52 USD a month whatever is read {parts}; ")
    assert said in sentence


def test_the_bill_has_a_column_and_a_line_for_postgresql() -> None:
    table = cost_table(Study.from_assembled(PRICE_LIST, assumed(postgres=1.0)))
    assert [column.header for column in table.columns] == ["USD a month", *HOMES]
    lines = {cells[0]: cells[1:] for cells in zip(*(list(column.cells) for column in table.columns), strict=True)}
    assert lines["PostgreSQL"] == ("-", "-", "-", "13.92")
