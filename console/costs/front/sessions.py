"""The costs of access codes and sessions: exchanges, and the gateway's questions for a session. Idle, their key."""

from __future__ import annotations

from console.costs.front.authorizer import ANSWERED_S, authorizer_bill, guard_usd, secret_bill
from console.costs.prices import Bill, Prices
from console.costs.scenario import Scenario

EXCHANGE_MS = 60.0  # assumed
FOUND_UNITS = 2  # to look for a session, or a code: under the hash of either version of the key
# The try, taken and given back; a use of the code and the session, both in a transaction, and both in the index.
EXCHANGE_READ_UNITS, EXCHANGE_WRITE_UNITS = FOUND_UNITS + 1, 2 + 4 + 2


def sessions_bill(prices: Prices, scenario: Scenario) -> Bill:
    """Work out what access codes and sessions cost: exchanges, and who asks for a session."""
    entered = scenario.sessions_per_month
    calls = authorized(scenario)
    lines = asked_bill(prices, scenario, calls)
    seconds = entered * EXCHANGE_MS / 1000 + entered / scenario.writes_per_sandbox * scenario.first_s
    return {
        "HTTP API": entered * prices.http_api_request.each,
        "Lambda requests": lines["Lambda requests"] + entered * prices.lambda_request.each,
        "Lambda time": lines["Lambda time"] + guard_usd(prices, scenario, seconds),
        "DynamoDB reads": lines["DynamoDB reads"] + entered * EXCHANGE_READ_UNITS * prices.dynamodb_read_unit.each,
        "DynamoDB writes": entered * EXCHANGE_WRITE_UNITS * prices.dynamodb_write_unit.each,
        **secret_bill(prices, scenario, calls + entered),
    }


def asked_bill(prices: Prices, scenario: Scenario, calls: float) -> Bill:
    """Price so many questions of the gateway for a session."""
    units = calls * FOUND_UNITS
    return {**authorizer_bill(prices, scenario, calls), "DynamoDB reads": units * prices.dynamodb_read_unit.each}


def authorized(scenario: Scenario) -> float:
    """Count how often the gateway asks for a session: once a minute in which it reads, and no more than it reads."""
    minutes = scenario.sessions_per_month * scenario.minutes_per_session
    return min(scenario.reads_per_month, minutes * 60 / ANSWERED_S)
