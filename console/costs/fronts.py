"""The costs of what stands in front: CloudFront with the page, its firewall, and access codes with their sessions.

The edge takes reads off the stack and is paid for all of them. What is off costs nothing; idle, each secret does, and
the firewall.
"""

from __future__ import annotations

from console.costs.prices import GB, Bill, Prices
from console.costs.scenario import DAY_S, MONTH_S, Scenario

ANSWER_BYTES = 1_000  # of an answer beside its rows: headers, times, receipt
PAGE_FILES, PAGE_BYTES = 50, 100_000  # of the page, compressed, for a browser that has nothing of it
FIREWALL_RULES = 4  # two groups of AWS's, the limit of an address, that of a body
LOGGED_SHARE, LOGGED_BYTES = 0.01, 2_000  # of requests that a rule of the firewall matches, and a line of its log
EDGE_LINE_BYTES = 150  # of the access log in S3, packed
ANSWERED_S = 60  # how long the gateway keeps what the authorizer has said
KEYS_S = 300  # how long the authorizer keeps the versions of a secret
KEY_CALLS = 2  # for the current version, and the one before
GUARD_MB = 512  # of the authorizer and of the sessions function
AUTHORIZER_MS, EXCHANGE_MS = 12.0, 60.0  # assumed
FOUND_UNITS = 2  # to look for a session, or a code: under the hash of either version of the key
# The try, taken and given back; a use of the code and the session, both in a transaction, and both in the index.
EXCHANGE_READ_UNITS, EXCHANGE_WRITE_UNITS = FOUND_UNITS + 1, 2 + 4 + 2


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
        **_secret(prices, scenario, calls),
        **_authorizer(prices, scenario, calls),
        **(_firewall(prices, requests) if scenario.firewall else {}),
    }


def sessions_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what access codes and sessions cost: exchanges, and who asks for a session."""
    entered = scenario.sessions_per_month
    calls = authorized(scenario)
    lines = asked_bill(prices, scenario, calls)
    seconds = entered * EXCHANGE_MS / 1000 + entered / scenario.writes_per_sandbox * scenario.first_s
    return {
        "HTTP API": entered * prices.http_api_request.each,
        "Lambda requests": lines["Lambda requests"] + entered * prices.lambda_request.each,
        "Lambda time": lines["Lambda time"] + _guard_usd(prices, scenario, seconds),
        "DynamoDB reads": lines["DynamoDB reads"] + entered * EXCHANGE_READ_UNITS * prices.dynamodb_read_unit.each,
        "DynamoDB writes": entered * EXCHANGE_WRITE_UNITS * prices.dynamodb_write_unit.each,
        **_secret(prices, scenario, calls + entered),
    }


def asked_bill(prices: Prices, scenario: Scenario, calls: float) -> Bill:
    """Price so many questions of the gateway for a session."""
    units = calls * FOUND_UNITS
    return {**_authorizer(prices, scenario, calls), "DynamoDB reads": units * prices.dynamodb_read_unit.each}


def authorized(scenario: Scenario) -> float:
    """Count how often the gateway asks for a session: once a minute in which it reads, and no more than it reads."""
    minutes = scenario.sessions_per_month * scenario.minutes_per_session
    return min(scenario.reads_per_month, minutes * 60 / ANSWERED_S)


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


def _authorizer(prices: Prices, scenario: Scenario, calls: float) -> Bill:
    """Price so many calls of the authorizer, one in so many of which begins in a new sandbox."""
    seconds = calls * AUTHORIZER_MS / 1000 + calls / scenario.writes_per_sandbox * scenario.first_s
    return {
        "Lambda requests": calls * prices.lambda_request.each,
        "Lambda time": _guard_usd(prices, scenario, seconds),
    }


def _secret(prices: Prices, scenario: Scenario, calls: float) -> Bill:
    """Price a secret whose versions are read by each new sandbox and, while there are calls, every few minutes."""
    read = min(calls, MONTH_S / KEYS_S + calls / scenario.writes_per_sandbox)
    return {"Secrets Manager": prices.secret.each + read * KEY_CALLS * prices.secret_call.each}


def _guard_usd(prices: Prices, scenario: Scenario, seconds: float) -> float:
    return seconds * GUARD_MB / 1024 * prices.lambda_time(scenario.architecture).each
