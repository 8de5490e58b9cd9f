from __future__ import annotations

import json
from typing import Any

import pytest

from handlers.settings import Settings
from handlers.telemetry.log import INFO, Log
from handlers.telemetry.meter import METERS
from handlers.telemetry.metrics import BY_FUNCTION, BY_PATH, BY_VERSION, NAMESPACE

NOW_S = 1_700_000_000.25
HEAD = {"timestamp": "2023-11-14T22:13:20.250Z", "level": "INFO", "function": "one", "version": "7"}


class Written(Log):
    """A log whose lines can be looked at."""

    def __init__(self, **environ: str) -> None:
        self.texts: list[str] = []
        super().__init__(
            Settings({"AWS_LAMBDA_FUNCTION_NAME": "one", "AWS_LAMBDA_FUNCTION_VERSION": "7", **environ}),
            self.texts.append,
            lambda: NOW_S,
        )

    def last(self) -> dict[str, Any]:
        return json.loads(self.texts[-1])


def warm(**environ: str) -> Written:
    """A log of a sandbox that has had its first event."""
    log = Written(**environ)
    assert next(log.turns)
    log.line(INFO, '"task":"first"')
    return log


@pytest.mark.parametrize(("percent", "lines"), [("0", 0), ("5", 5), ("33", 33), ("100", 100), ("250", 100)])
def test_a_share_of_what_goes_well_has_a_line(percent: str, lines: int) -> None:
    log = warm(REQUEST_LOG_PERCENT=percent)
    assert sum(next(log.turns) for _ in range(100)) == lines


def test_the_share_is_spread_evenly() -> None:
    log = warm(REQUEST_LOG_PERCENT="25")
    assert [next(log.turns) for _ in range(8)] == [False, False, False, True] * 2


def test_with_metrics_everything_has_a_line() -> None:
    log = warm(REQUEST_LOG_PERCENT="0", METRICS="on")
    assert [next(log.turns) for _ in range(100)] == [True] * 100


def test_the_first_of_a_sandbox_says_that_it_was_cold() -> None:
    log = warm()
    assert log.last() == {**HEAD, "task": "first", "is_cold": True}
    log.line(INFO, '"task":"second"')
    assert log.last()["is_cold"] is False


def test_a_sandbox_that_was_woken_before_is_not_cold() -> None:
    log = Written()
    log.has_begun()
    log.line(INFO, '"task":"first"')
    assert log.last()["is_cold"] is False


def test_a_line_ends_where_the_next_begins() -> None:
    assert warm().texts[0].endswith("}\n")


def test_without_metrics_a_line_has_none() -> None:
    log = warm()
    log.line(INFO, '"path":"ddb"', {"Latency": 1.5}, {"Errors": 1})
    assert log.last() == {**HEAD, "path": "ddb", "is_cold": False}


def test_metrics_stand_beside_their_names_units_and_dimensions() -> None:
    log = warm(METRICS="on")
    log.line(INFO, '"path":"ddb"', {"Latency": 1.5, "ReadUnits": 0.5}, {"Errors": 1})
    line = log.last()
    assert (line["Latency"], line["ReadUnits"], line["Errors"]) == (1.5, 0.5, 1)
    assert line["_aws"]["Timestamp"] == 1_700_000_000_250
    assert line["_aws"]["CloudWatchMetrics"] == [
        {
            "Namespace": NAMESPACE,
            "Dimensions": [["function", "path"]],
            "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}, {"Name": "ReadUnits", "Unit": "Count"}],
        },
        {
            "Namespace": NAMESPACE,
            "Dimensions": [["function"]],
            "Metrics": [{"Name": "Errors", "Unit": "Count"}],
        },
        {
            "Namespace": NAMESPACE,
            "Dimensions": [["function", "version"]],
            "Metrics": [{"Name": "Errors", "Unit": "Count"}],
        },
    ]


def test_the_same_metrics_again_have_values_of_their_own() -> None:
    log = warm(METRICS="on")
    for latency in (1.5, 2.5):
        log.line(INFO, '"path":"ddb"', {"Latency": latency})
    first, second = map(json.loads, log.texts[-2:])
    assert (first["Latency"], second["Latency"]) == (1.5, 2.5)
    assert first["_aws"] == second["_aws"]


def test_a_line_without_metrics_names_none() -> None:
    log = warm(METRICS="on")
    log.line(INFO, '"path":"health"')
    assert "_aws" not in log.last()


def test_a_cold_start_is_a_metric_of_the_function() -> None:
    log = Written(METRICS="on")
    log.line(INFO, '"path":"ddb"')
    (directive,) = log.last()["_aws"]["CloudWatchMetrics"]
    assert (directive["Dimensions"], directive["Metrics"]) == (
        [["function"]],
        [{"Name": "ColdStarts", "Unit": "Count"}],
    )


def test_what_the_sandbox_counts_is_told_once() -> None:
    log = warm(METRICS="on")
    METERS.retry()
    METERS.retry()
    METERS.conflict()
    log.line(INFO, '"path":"insert"')
    assert (log.last()["Retries"], log.last()["Conflicts"]) == (2, 1)
    log.line(INFO, '"path":"insert"')
    assert "_aws" not in log.last()


def test_what_a_version_is_judged_by_is_told_of_the_function_too() -> None:
    assert BY_VERSION.items() <= BY_FUNCTION.items()


def test_no_metric_is_of_both_kinds() -> None:
    assert not BY_PATH.keys() & BY_FUNCTION.keys()


def test_lines_go_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    Log(Settings({})).line(INFO, '"task":"first"')
    assert json.loads(capsys.readouterr().out)["task"] == "first"
