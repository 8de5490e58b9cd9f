"""Rules for the functions and the state machines, by AWS's metrics and by those that the functions tell themselves."""

from __future__ import annotations

from dataclasses import dataclass

from handlers.telemetry.metrics import DIVERGENCES, ERRORS, LAG_SECONDS
from infra.watch.alarms import SUM_OF_ALL, AlarmRule
from infra.watch.metric import MAXIMUM, P99, Text, of_function, of_machine, own

PERCENT_OF_ITS_TIME, PERCENT_OF_ITS_SANDBOXES = 80, 80
STREAM_S = 60  # the age of a record of the stream, beyond what it is collected for


@dataclass(frozen=True, kw_only=True)
class WatchedFunction:
    """A function by Lambda's name, its longest run, and the sandboxes that are reserved for it (-1 = none)."""

    name: Text
    timeout_s: int
    concurrency: int


def function_rules(part: str, function: WatchedFunction) -> dict[str, AlarmRule]:
    """Return the rules for any function; `part` is its part of the alarms' names."""
    slow_s = PERCENT_OF_ITS_TIME * function.timeout_s / 100
    rules = {
        f"{part}-errors": AlarmRule(
            description=f"The {part} function failed or ran into its timeout",
            metrics={"errors": of_function("Errors", function.name)},
        ),
        f"{part}-throttles": AlarmRule(
            description=f"Calls of the {part} function found no sandbox",
            metrics={"throttles": of_function("Throttles", function.name)},
        ),
        f"{part}-duration": AlarmRule(
            description=f"The {part} function's p99 is over {slow_s:g} of its {function.timeout_s} s, for 15 minutes",
            metrics={"duration": of_function("Duration", function.name, P99)},
            above=slow_s * 1000,
            bad=3,
            periods=3,
        ),
    }
    if function.concurrency > 1:  # the only one is either idle or all of them
        rules[f"{part}-concurrency"] = _concurrency(part, function)
    return rules


def _concurrency(part: str, function: WatchedFunction) -> AlarmRule:
    return AlarmRule(
        description=f"Over {PERCENT_OF_ITS_SANDBOXES} % of {part}'s {function.concurrency} sandboxes were busy at once",
        metrics={"busy": of_function("ConcurrentExecutions", function.name, MAXIMUM)},
        above=PERCENT_OF_ITS_SANDBOXES * function.concurrency / 100,
        bad=2,
        periods=3,
    )


def stream_rule(part: str, name: Text, window_s: int) -> AlarmRule:
    """Return the rule for the age of the stream's records when a function gets them.

    Args:
        part: its part of the stack's names.
        name: Lambda's name for it.
        window_s: for how long records are collected.
    """
    return AlarmRule(
        description=f"Records of the table's stream waited longer than {STREAM_S + window_s} s for the {part}",
        metrics={"age": of_function("IteratorAge", name, MAXIMUM)},
        above=(STREAM_S + window_s) * 1000,
        bad=2,
        periods=2,
    )


def machine_rule(machine_arn: Text, description: str) -> AlarmRule:
    """Return the rule for executions of a state machine that do not succeed."""
    ends = ("Failed", "Aborted", "TimedOut")
    return AlarmRule(
        description=description,
        metrics={end.lower(): of_machine(f"Executions{end}", machine_arn) for end in ends},
        expression=SUM_OF_ALL,
    )


def own_rules(command_name: Text, projector_name: Text, most_lag_s: int) -> dict[str, AlarmRule]:
    """Return the rules for what the functions tell: how far snapshots lag behind, divergence, tasks that fail."""
    return {
        "lag": AlarmRule(
            description=f"The oldest row that no snapshot holds is older than {most_lag_s} s",
            metrics={"lag": own(LAG_SECONDS, command_name, MAXIMUM)},
            above=most_lag_s,
            bad=2,
            periods=2,
        ),
        "divergence": AlarmRule(
            description="Snapshots are not the ledger's (a restored table, a wrong one), or verification found a fault",
            metrics={"inserts": own(DIVERGENCES, command_name), "tasks": own(DIVERGENCES, projector_name)},
            expression=SUM_OF_ALL,
        ),
        "projector-failures": AlarmRule(
            description="Batches of the stream, or tasks, failed in the projector; batches are tried again for an hour",
            metrics={"failures": own(ERRORS, projector_name)},
            bad=2,
            periods=2,
        ),
    }


def worker_rule(name: Text) -> AlarmRule:
    """Return the rule for work that fails: Lambda counts no error where a function names the records that failed."""
    return AlarmRule(
        description="Messages, records of the stream, or tasks failed in the worker; they are tried again",
        metrics={"failures": own(ERRORS, name)},
        bad=2,
        periods=2,
    )
