"""Prices and results that stay what they are when AWS changes its own, for the tests of the cost model."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from ulid import ULID

from console.costs.prices import Price, PriceList, Prices
from console.costs.scenario import Assembled, assemble
from console.results.result import BenchResult, Distribution, Measurement, Workload
from handlers.aws.table import PAGE_ROWS
from handlers.domain.timestamps import utc_text
from handlers.lake.page import LakePage
from handlers.rows import MODEL
from tests.support.results import figures, measurement, sample_result, size


def price(usd: float, per: float = 1) -> Price:
    return Price(usd, per, "unit", "https://prices.test/")


PRICES = Prices(
    lambda_request=price(0.20, 1e6),
    lambda_time_arm64=price(0.00001),
    lambda_time_x86=price(0.00002),
    http_api_request=price(1.00, 1e6),
    efs_storage=price(0.30),
    efs_read=price(0.03),
    efs_write=price(0.06),
    dynamodb_write_unit=price(0.625, 1e6),
    dynamodb_read_unit=price(0.125, 1e6),
    dynamodb_storage=price(0.25),
    dynamodb_recovery=price(0.20),
    log=price(0.50),
    log_storage=price(0.03),
    trace=price(5.00, 1e6),
    sqs_request=price(0.40, 1e6),
    sns_publish=price(0.50, 1e6),
    sns_email=price(2.00, 1e5),
    step_transition=price(0.025, 1e3),
    s3_put=price(0.005, 1e3),
    s3_get=price(0.0004, 1e3),
    s3_storage=price(0.023),
    s3_infrequent_storage=price(0.0125),
    s3_archive_storage=price(0.004),
    s3_monitored_object=price(0.0025, 1e3),
    efs_infrequent_storage=price(0.016),
    endpoint_hour=price(0.01),
    internet_transfer=price(0.09),
    cloudfront_request=price(1.00, 1e6),
    cloudfront_function=price(0.10, 1e6),
    cloudfront_transfer=price(0.085),
    waf_acl=price(5.00),
    waf_rule=price(1.00),
    waf_request=price(0.60, 1e6),
    secret=price(0.40),
    secret_call=price(0.05, 1e4),
)
PRICE_LIST = PriceList("2026-01-02", "us-test-1", "USD", PRICES)
ALWAYS_THE_SAME = settings(derandomize=True, deadline=None)  # whatever the day and the machine
P50_MS = {"sqlite-efs": 12.0, "sqlite-tmp": 10.0, "ddb": 20.0}
POSTGRES_P50_MS = 14.0


def assumed(**given: float) -> Assembled:
    return assemble(given, {})


def read(
    source: str,
    client_ms: Distribution | None = None,
    *,
    workload: Workload = "newest-100",
    server_ms: Distribution | None = None,
    consumed: dict[str, float] | None = None,
    phases_ms: dict[str, float] | None = None,
) -> Measurement:
    """Reads of one path as a result holds them."""
    cold = workload == "first-in-sandbox"
    found = measurement(
        workload,
        source,
        temperature="cold" if cold else "warm",
        client_ms=client_ms or figures(P50_MS.get(source, POSTGRES_P50_MS)),
    )
    return replace(found, server_ms=server_ms, consumed=consumed or {}, phases_ms=phases_ms or {})


def result_of(*measurements: Measurement, rows: int = 100_000, is_local: bool = False) -> BenchResult:
    """A result with one size of these measurements; of all paths with a p50 each without them."""
    found = sample_result(sizes=(size(*(measurements or map(read, P50_MS)), rows=rows),))
    function = replace(found.environment.function, region=PRICE_LIST.region)
    return replace(found, environment=replace(found.environment, is_local=is_local, function=function))


def page_of_random_rows(rows_at_once: int) -> LakePage:
    """Return a full page of the lake, of rows that came so many in a transaction, up to a second after the last.

    The ids of a transaction count on, as those do that are made within a millisecond. Skips the test with other columns
    than the shipped ones: their rows are packed otherwise.
    """
    if [column.name for column in MODEL.columns] != ["random_value"]:
        pytest.skip("the sizes are those of the shipped rows")
    random, now_s, number, rows = Random(1), 1_767_225_600.0, 0, list[tuple[Any, ...]]()
    for seq in range(1, PAGE_ROWS + 1):
        if (seq - 1) % rows_at_once == 0:
            now_s += random.random()
            number = int.from_bytes(int(now_s * 1000).to_bytes(6) + random.randbytes(10))
        number += 1
        row_id = str(ULID(number.to_bytes(16)))
        rows.append(MODEL.row_of(seq, row_id, MODEL.random_draft(random), utc_text(now_s)))
    return LakePage.from_rows(1, rows)
