from __future__ import annotations

from rich.console import Console

from console.costs.scenario import assemble, names
from console.costs.study import Study
from console.costs.tables import cost_table, paragraphs
from handlers.routes import SOURCES
from tests.support.costs import PRICE_LIST, assumed


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
    assert cells["EFS storage"] == ["0.04", "0.04", "-"]


def test_the_figures_in_words() -> None:
    cheapest, changes, sensitivity, settings, assumed_values, prices = paragraphs(
        Study.from_assembled(PRICE_LIST, assumed())
    )
    assert cheapest == "Cheapest: ddb."
    assert changes.splitlines() == [
        "The cheapest path changes, all else being as it is, at",
        "  reads a month: 3.76 million, from ddb to sqlite-efs",
        "  rows: 13,100, from sqlite-efs and sqlite-tmp to ddb",
        "  publishes a month: 191, from sqlite-efs to ddb",
        "  never by reads in a sandbox's life alone",
    ]
    assert sensitivity == (
        "The assumption that matters most is --reads-per-month: halved or doubled it moves the sum from 1.03 to 4.06 "
        "USD, and no assumption so vary changes which path is cheapest."
    )
    assert assumed_values.startswith("Assumed: --rows 100000, --row-bytes 115, --snapshot-row-bytes 310.5, ")
    assert settings == (
        "As the stack is set by default: --memory-mb 1024, --architecture arm64, --tracing 0, "
        "--check-interval-ms 1000, --retain-snapshots 5, --verify-max-bytes 16777216."
    )
    assert prices.startswith("List prices of us-test-1, 2026-01-02, without free tiers;")


def test_an_assumption_that_changes_the_cheapest_path_is_said_to() -> None:
    sensitivity = paragraphs(
        Study.from_assembled(PRICE_LIST, assumed(writes_per_month=200.0, reads_per_month=1e6, rows=1e5))
    )[2]
    assert sensitivity == (
        "The assumption that matters most is --publishes-per-month: at 100 sqlite-efs is cheapest, at 400 ddb."
    )


def test_paths_that_cost_the_same_are_named_together() -> None:
    found = Study.from_assembled(PRICE_LIST, assumed(rows=1000.0))
    assert paragraphs(found)[0] == "Cheapest: sqlite-efs and sqlite-tmp, which cost the same."


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
