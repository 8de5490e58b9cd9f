"""The levers that save money, and how much: what the stack does by itself, and what more one can do.

A saving is the difference of two bills that differ in nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from console.costs.bill import LOG_BYTES, totals_usd
from console.costs.front.edge import answers_bytes, edge_bill
from console.costs.front.sessions import asked_bill, authorized
from console.costs.prices import GB, Prices
from console.costs.scenario import READ_UNIT_BYTES, Scenario
from console.costs.work import POLLS, QUEUES, RECORD_BYTES, RECORD_ID_BYTES
from handlers.aws.table import PAGE_ROWS
from handlers.routes import POSTGRES

TIERED_BYTES = 128 * 1024  # Intelligent-Tiering watches and moves no smaller object
YEAR_MONTHS = 12
LINE_BYTES, LINE_SHARE = 570, 0.05  # of a request's line in the log, and how many requests have one
WARM_CALLS, WARMER_S, WARM_S = 8_640, 0.25, 0.2  # a month: of the warmer, and of each sandbox that it wakes
ENDPOINTS, ZONES, MONTH_HOURS = 3, 2, 720  # for SQS, SNS and Step Functions, in each zone of the network
CACHED_SHARE = 0.1
EDGE_SHARE, MOST_SHARE = 0.5, 0.95


@dataclass(frozen=True)
class Lever:
    """Something that saves money.

    Args:
        name: what is done, and in place of what.
        is_shipped: whether the stack does it unless its settings say otherwise.
        saved_usd: in a month, by read path.
    """

    name: str
    is_shipped: bool
    saved_usd: dict[str, float]


def levers(prices: Prices, scenario: Scenario) -> list[Lever]:
    """Return all levers with what they save in a scenario, those that are shipped first."""
    return [*_shipped(prices, scenario), *_possible(prices, scenario)]


def _shipped(prices: Prices, scenario: Scenario) -> Iterator[Lever]:
    others = {
        "arm64 in place of x86": replace(scenario, architecture="x86"),
        "`tracing` off": replace(scenario, tracing=1),
        "a look for a newer snapshot once a second at most": replace(scenario, check_interval_ms=0),
    }
    if scenario.postgres:
        others["PostgreSQL without RDS Proxy"] = replace(scenario, proxy=1)
        others["PostgreSQL in one zone, not two"] = replace(scenario, multi_az=1)
    now_usd = totals_usd(prices, scenario)
    for name, other in others.items():
        usd = totals_usd(prices, other)
        yield Lever(
            name, is_shipped=True, saved_usd={source: usd[source] - now_usd[source] for source in scenario.homes}
        )
    for name, saved_usd in (
        ("`requestLogPercent` 5, not 100", _lines_usd(prices, scenario)),
        ("access logs kept 14 days, not for ever (after a year)", _old_logs_usd(prices, scenario)),
        (
            "TTL of idempotency records (after a year)",
            _ttl_usd(prices, scenario),
        ),
        ("no `warmSandboxes`, not 1", _warm_usd(prices)),
        ("no `fullVerification`", _verification_usd(prices, scenario)),
        ("`jobs` off while nobody imports", QUEUES * POLLS * prices.sqs_request.each),
        ("the worker outside the network: no interface endpoints", _endpoints_usd(prices)),
        ("with an edge: no `edgeFirewall`", _firewall_usd(prices, scenario)),
        ("with an edge: its traffic at CloudFront's price", _traffic_usd(prices, scenario)),
        ("with sessions: asked for once a minute, not with each read", _answers_usd(prices, scenario)),
    ):
        yield _for_all(scenario, name, saved_usd, is_shipped=True)
    files_gb = scenario.snapshot_bytes / GB
    idle_usd = files_gb * (prices.efs_storage.each - prices.efs_infrequent_storage.each)
    saved = {source: 0.0 if source in ("ddb", POSTGRES) else idle_usd for source in scenario.homes}
    yield Lever("segments unread for 30 days in EFS's cheaper class", is_shipped=True, saved_usd=saved)
    yield _for_all(
        scenario,
        "the lake in Intelligent-Tiering: only for rows over 142 bytes packed",
        tiering_usd(prices, scenario),
        is_shipped=True,
    )


def _possible(prices: Prices, scenario: Scenario) -> Iterator[Lever]:
    lake = replace(scenario, lake=1)
    edge = replace(scenario, edge=1, sessions=0, cached=EDGE_SHARE)
    reads = scenario.reads_per_month * (1 - CACHED_SHARE)
    pairs = {
        "one read in ten from a cache, by `as_of`": (
            scenario,
            replace(scenario, reads_per_month=reads),
        ),
        "`projection: sync`, not both": (scenario, replace(scenario, projected_per_month=0)),
        "`maintenanceMinutes` 1440, not 60": (scenario, replace(scenario, maintained_per_month=30)),
        "with the lake: `lakeMinutes` 1440, not 60": (lake, replace(lake, lake_rounds=30)),
        "with an edge: 95 % of the reads from its cache, not half": (edge, replace(edge, cached=MOST_SHARE)),
    }
    for name, (before, after) in pairs.items():
        usd, less_usd = totals_usd(prices, before), totals_usd(prices, after)
        yield Lever(
            name, is_shipped=False, saved_usd={source: usd[source] - less_usd[source] for source in scenario.homes}
        )


def tiering_usd(prices: Prices, scenario: Scenario) -> float:
    """Return what Intelligent-Tiering saves once nobody has read the lake for 90 days: nothing for small pages.

    For large ones that is less than nothing where watching an object costs more than its cheaper storage saves.
    """
    page_bytes = PAGE_ROWS * scenario.lake_bytes_per_row
    if page_bytes < TIERED_BYTES:
        return 0.0
    cheaper = prices.s3_storage.each - prices.s3_archive_storage.each
    return scenario.rows / PAGE_ROWS * (page_bytes / GB * cheaper - prices.s3_monitored_object.each)


def _for_all(scenario: Scenario, name: str, saved_usd: float, *, is_shipped: bool) -> Lever:
    return Lever(name, is_shipped, dict.fromkeys(scenario.homes, saved_usd))


def _lines_usd(prices: Prices, scenario: Scenario) -> float:
    requests = scenario.reads_per_month + scenario.writes_per_month
    return requests * (1 - LINE_SHARE) * LINE_BYTES / GB * (prices.log.each + prices.log_storage.each / 2)


def _old_logs_usd(prices: Prices, scenario: Scenario) -> float:
    month_gb = (scenario.reads_per_month + scenario.writes_per_month) * LOG_BYTES / GB
    return (YEAR_MONTHS - 14 / 30) * month_gb * prices.log_storage.each


def _ttl_usd(prices: Prices, scenario: Scenario) -> float:
    record_bytes = RECORD_BYTES + scenario.rows_per_write * RECORD_ID_BYTES
    kept_gb = YEAR_MONTHS * scenario.writes_per_month * record_bytes / GB
    return kept_gb * (prices.dynamodb_storage.each + prices.dynamodb_recovery.each)


def _warm_usd(prices: Prices) -> float:
    seconds = WARMER_S + WARM_S
    return WARM_CALLS * (2 * prices.lambda_request.each + seconds * prices.lambda_time_arm64.each)


def _verification_usd(prices: Prices, scenario: Scenario) -> float:
    units = scenario.rows * scenario.row_bytes / READ_UNIT_BYTES
    return 30 * (units * prices.dynamodb_read_unit.each + scenario.snapshot_bytes / GB * prices.efs_read.each)


def _firewall_usd(prices: Prices, scenario: Scenario) -> float:
    less, more = (edge_bill(prices, replace(scenario, edge=1, firewall=on)) for on in (0, 1))
    return math.fsum(more.values()) - math.fsum(less.values())


def _traffic_usd(prices: Prices, scenario: Scenario) -> float:
    return answers_bytes(scenario) / GB * (prices.internet_transfer.each - prices.cloudfront_transfer.each)


def _answers_usd(prices: Prices, scenario: Scenario) -> float:
    less, more = (asked_bill(prices, scenario, calls) for calls in (authorized(scenario), scenario.reads_per_month))
    return math.fsum(more.values()) - math.fsum(less.values())


def _endpoints_usd(prices: Prices) -> float:
    return ENDPOINTS * ZONES * MONTH_HOURS * prices.endpoint_hour.each
