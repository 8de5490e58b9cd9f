"""The costs of the authorizer, whose answers the gateway keeps for a while, and of the secrets that it reads."""

from __future__ import annotations

from console.costs.prices import Bill, Prices
from console.costs.scenario import MONTH_S, Scenario

ANSWERED_S = 60  # how long the gateway keeps what the authorizer has said
KEYS_S = 300  # how long the authorizer keeps the versions of a secret
KEY_CALLS = 2  # for the current version, and the one before
GUARD_MB = 512  # of the authorizer and of the sessions function
AUTHORIZER_MS = 12.0  # assumed


def authorizer_bill(prices: Prices, scenario: Scenario, calls: float) -> Bill:
    """Price so many calls of the authorizer, of which a sandbox answers as many in its life as one that reads."""
    seconds = calls * AUTHORIZER_MS / 1000 + calls / scenario.reads_per_sandbox * scenario.first_s
    return {
        "Lambda requests": calls * prices.lambda_request.each,
        "Lambda time": guard_usd(prices, scenario, seconds),
    }


def secret_bill(prices: Prices, scenario: Scenario, calls: float) -> Bill:
    """Price a secret whose versions are read by each new sandbox and, while there are calls, every few minutes."""
    read = min(calls, MONTH_S / KEYS_S + calls / scenario.reads_per_sandbox)
    return {"Secrets Manager": prices.secret.each + read * KEY_CALLS * prices.secret_call.each}


def guard_usd(prices: Prices, scenario: Scenario, seconds: float) -> float:
    """Price seconds of the authorizer, or of the sessions function."""
    return seconds * GUARD_MB / 1024 * prices.lambda_time(scenario.architecture).each
