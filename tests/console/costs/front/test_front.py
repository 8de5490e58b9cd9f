from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from console.costs.activity import activity
from console.costs.bill import bill, totals_usd
from console.costs.front.authorizer import GUARD_MB
from console.costs.front.edge import (
    FIREWALL_RULES,
    PAGE_BYTES,
    PAGE_FILES,
    answers_bytes,
    edge_bill,
    edge_bytes,
    edge_requests,
)
from console.costs.front.sessions import authorized, sessions_bill
from console.costs.levers import levers
from console.costs.scenario import Scenario
from console.costs.study import cost_series
from handlers.routes import SOURCES
from infra.edge.firewall import GROUPS
from infra.edge.page import page_files
from infra.settings.stack_settings import GUARD_SIZE
from tests.support.costs import PRICES

pytestmark = pytest.mark.usefixtures("rows_as_shipped")

GIB = 2**30
GUARD_S = 0.5 * 0.00001  # a second of 512 MB, in the tests' prices
EDGE = Scenario(edge=1, cached=0.5)
SESSIONS = Scenario(sessions=1)


def test_an_edge_is_paid_for_all_reads_and_for_the_page() -> None:
    # 1,000,000 reads, and 1,000 times the 60 files of the page; 100 rows of 34.5 bytes in an answer
    sent_bytes = 1e6 * (1_000 + 3_450) + 1_000 * 120_000
    # The gateway asks once a minute: 43,200 calls of 12 ms, one in a thousand from a new sandbox that takes 0.31 s.
    seconds = 43_200 * 0.012 + 43.2 * 0.31
    assert edge_bill(PRICES, EDGE) == pytest.approx(
        {
            "CloudFront requests": 1.06,
            "CloudFront functions": 0.106,
            "CloudFront traffic": sent_bytes / GIB * 0.085,
            "S3 requests": 60_000 * 0.4e-6,
            "S3 storage": 0,
            "Secrets Manager": 0.40 + 2 * (8_640 + 43.2) * 5e-6,
            "Lambda requests": 43_200 * 0.2e-6,
            "Lambda time": seconds * GUARD_S,
        }
    )


def test_the_firewall_is_paid_for_its_rules_and_for_all_requests() -> None:
    lines = edge_bill(PRICES, replace(EDGE, firewall=1))
    assert lines["firewall"] == pytest.approx(5 + 4 + 1.06 * 0.60)
    assert lines["firewall log"] == pytest.approx(1_060_000 * 0.01 * 2_000 / GIB * 0.50)
    assert {name: lines[name] for name in edge_bill(PRICES, EDGE)} == edge_bill(PRICES, EDGE)


def test_the_firewall_has_so_many_rules_as_are_paid_for() -> None:
    """Each of AWS's groups is one; beside them the limit of an address, and that of a body."""
    assert len(GROUPS) + 2 == FIREWALL_RULES


def test_the_page_has_about_so_many_files_and_bytes_as_are_paid_for() -> None:
    loaded = [path for name, path in page_files().items() if not name.endswith(("LICENSE", ".md"))]
    assert len(loaded) == pytest.approx(PAGE_FILES, rel=0.1)
    assert sum(len(gzip.compress(path.read_bytes())) for path in loaded) == pytest.approx(PAGE_BYTES, rel=0.1)


def test_the_functions_have_as_much_memory_as_is_paid_for() -> None:
    assert GUARD_SIZE.memory_mb == GUARD_MB


def test_access_logs_are_paid_for_the_days_that_they_are_kept() -> None:
    lines = edge_bill(PRICES, replace(EDGE, edge_log_days=15))
    assert lines["S3 storage"] == pytest.approx(1_060_000 * 150 / GIB * 0.5 * 0.023)


def test_idle_an_edge_is_its_secret_and_sessions_are_theirs() -> None:
    idle = {"reads_per_month": 0.0, "page_views_per_month": 0.0, "sessions_per_month": 0.0}
    for found in (edge_bill(PRICES, replace(EDGE, **idle)), sessions_bill(PRICES, replace(SESSIONS, **idle))):
        assert sum(found.values()) == found["Secrets Manager"] == 0.40


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_edge_answers_the_stack_is_not_paid_for(source: str) -> None:
    less = replace(Scenario(), reads_per_month=5e5)
    assert activity(EDGE, source) == activity(less, source)
    ours, theirs = bill(PRICES, EDGE, source), bill(PRICES, less, source)
    assert {**ours, "edge": 0.0} == pytest.approx({**theirs, "edge": 0.0})
    assert ours["HTTP API"] < bill(PRICES, Scenario(), source)["HTTP API"]


def test_the_more_is_cached_the_less_is_paid() -> None:
    for source in SOURCES:
        totals = [totals_usd(PRICES, replace(EDGE, cached=share))[source] for share in (0, 0.25, 0.5, 0.95, 1)]
        assert totals == sorted(totals, reverse=True)


def test_without_an_edge_nothing_is_cached_and_in_sessions_neither() -> None:
    assert Scenario(cached=1).origin_reads == 1e6
    assert replace(EDGE, sessions=1, cached=1).origin_reads == 1e6
    assert replace(EDGE, cached=1).origin_reads == 0


def test_sessions_are_paid_for_exchanges_and_for_the_gateways_questions() -> None:
    # 1,000 sessions, each for 10 minutes in which it reads, so asked for 10 times
    calls, seconds = 10_000, 10_000 * 0.012 + 10 * 0.31 + 1_000 * 0.06 + 100 * 0.31
    assert sessions_bill(PRICES, SESSIONS) == pytest.approx(
        {
            "HTTP API": 0.001,
            "Lambda requests": (calls + 1_000) * 0.2e-6,
            "Lambda time": seconds * GUARD_S,
            "DynamoDB reads": (2 * calls + 3 * 1_000) * 0.125e-6,
            "DynamoDB writes": 8 * 1_000 * 0.625e-6,
            "Secrets Manager": 0.40 + 2 * (8_640 + 11) * 5e-6,
        }
    )


def test_a_session_is_asked_for_no_more_often_than_it_reads() -> None:
    assert authorized(SESSIONS) == 10_000
    assert authorized(replace(SESSIONS, reads_per_month=300)) == 300


def test_with_sessions_the_edges_key_alone_lets_in_whoever_enters() -> None:
    both = replace(EDGE, sessions=1, sessions_per_month=200)
    assert edge_requests(both) == edge_requests(EDGE) + 200
    assert edge_bill(PRICES, both)["Lambda requests"] == pytest.approx(200 * 0.2e-6)


def test_answers_are_as_large_as_is_said() -> None:
    measured = replace(EDGE, answer_row_bytes=10, rows_per_read=1, page_views_per_month=0)
    assert edge_bytes(measured) == answers_bytes(measured) == 1e6 * 1_010


def test_the_charts_bend_is_where_the_stack_sees_so_many_reads() -> None:
    assert cost_series(PRICES, Scenario()).looks_end_at == 2_592_000
    assert cost_series(PRICES, EDGE).looks_end_at == pytest.approx(2 * 2_592_000)
    assert cost_series(PRICES, replace(EDGE, cached=1)).looks_end_at is None


def test_levers_of_what_stands_in_front() -> None:
    saved = {lever.name: lever.saved_usd["ddb"] for lever in levers(PRICES, Scenario())}
    assert saved["with an edge: no `edgeFirewall`"] == pytest.approx(9.636 + 1_060_000 * 20 / GIB * 0.5)
    assert saved["with an edge: its traffic at CloudFront's price"] == pytest.approx(1e6 * 4_450 / GIB * 0.005)
    more = 990_000  # questions: one a read, and not one a minute of a session
    seconds, units = more * 0.012 + more / 1000 * 0.31, 2 * more
    assert saved["with sessions: asked for once a minute, not with each read"] == pytest.approx(
        more * 0.2e-6 + seconds * GUARD_S + units * 0.125e-6
    )
    half, most = (totals_usd(PRICES, replace(EDGE, cached=share))["ddb"] for share in (0.5, 0.95))
    assert saved["with an edge: 95 % of the reads from its cache, not half"] == pytest.approx(half - most)
