"""The costs of the edge: CloudFront, the page, the firewall.

It takes reads off the stack and is paid for all of them. Idle, its key costs something, and the firewall.
"""

from __future__ import annotations

from console.costs.front.authorizer import ANSWERED_S, authorizer_bill, secret_bill
from console.costs.prices import GB, Bill, Prices
from console.costs.scenario import DAY_S, MONTH_S, Scenario

ANSWER_BYTES = 1_000  # of an answer beside its rows: headers, times, receipt
PAGE_FILES, PAGE_BYTES = 60, 120_000  # of the page, compressed, for a browser that has nothing of it
FIREWALL_RULES = 4  # two groups of AWS's, the limit of an address, that of a body
LOGGED_SHARE, LOGGED_BYTES = 0.01, 2_000  # of requests that a rule of the firewall matches, and a line of its log
EDGE_LINE_BYTES = 150  # of the access log in S3, packed


def edge_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what CloudFront, the page and the firewall cost, and who asks for the edge's key."""
    requests = edge_requests(scenario)
    is_logged = scenario.edge_log_days > 0
    line_gb = requests * EDGE_LINE_BYTES / GB
    # Without sessions the edge's key alone lets a read in; with them it does so for whoever enters.
    asked = scenario.sessions_per_month if scenario.sessions else scenario.origin_reads
    calls = min(asked, MONTH_S / ANSWERED_S)
    return {
        "CloudFront requests": requests * prices.cloudfront_request.each,
        "CloudFront functions": requests * prices.cloudfront_function.each,
        "CloudFront traffic": edge_bytes(scenario) / GB * prices.cloudfront_transfer.each,
        "S3 requests": page_requests(scenario) * prices.s3_get.each,
        "S3 storage": is_logged * line_gb * scenario.edge_log_days * DAY_S / MONTH_S * prices.s3_storage.each,
        **secret_bill(prices, scenario, calls),
        **authorizer_bill(prices, scenario, calls),
        **(_firewall(prices, requests) if scenario.firewall else {}),
    }


def edge_requests(scenario: Scenario) -> float:
    """Count what CloudFront answers: the reads, from its cache or not, and the page with whoever enters a code."""
    entered = scenario.sessions_per_month if scenario.sessions else 0
    return scenario.reads_per_month + page_requests(scenario) + entered


def page_requests(scenario: Scenario) -> float:
    """Count the files of the page that are asked for."""
    return scenario.page_views_per_month * PAGE_FILES


def edge_bytes(scenario: Scenario) -> float:
    """Return what CloudFront sends to browsers: answers and pages, compressed."""
    return answers_bytes(scenario) + scenario.page_views_per_month * PAGE_BYTES


def answers_bytes(scenario: Scenario) -> float:
    """Return the bytes of the answers to all reads, compressed, from whatever they come."""
    return scenario.reads_per_month * (ANSWER_BYTES + scenario.rows_per_read * scenario.answer_bytes_per_row)


def _firewall(prices: Prices, requests: float) -> Bill:
    fixed = prices.waf_acl.each + FIREWALL_RULES * prices.waf_rule.each
    return {
        "firewall": fixed + requests * prices.waf_request.each,
        "firewall log": requests * LOGGED_SHARE * LOGGED_BYTES / GB * prices.log.each,
    }
