"""The tasks of the state machine, each with its time limit, its retries, and the way back from its errors. Pure.

Sources: the Step Functions developer guide on JSONata, on error handling and on AWS SDK integrations (names of
errors), and the Lambda developer guide on metrics (`ExecutedVersion` is counted for calls through an alias alone).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from handlers.telemetry.metrics import ERRORS, FUNCTION, NAMESPACE, VERSION
from infra.compute.function import LIVE
from infra.machines.language import LAMBDAS_OWN, State, jsonata

BACK = "Look at the alias again"  # the state that every error leads to
CALL_TIMEOUT_S = 60
REQUEST_TIMEOUT_S = 30
# Waits of 1, 2, 4, 8 and 16 s at most: throttling and short failures of AWS are over by then.
RETRIES: State = {"IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 5, "JitterStrategy": "FULL"}
# The way back is worth ten minutes of trying, and no less.
MANY_RETRIES: State = {**RETRIES, "JitterStrategy": "NONE", "MaxAttempts": 15, "MaxDelaySeconds": 60}
MOVED = "Lambda.PreconditionFailedException"


def make_calls(following: str) -> State:
    """Make all calls of the function's test, one after another; all of it once more where one fails."""
    status = "$exists($states.result.Payload.statusCode) ? $states.result.Payload.statusCode : 200"
    call = "$states.input.event.routeKey ? $states.input.event.routeKey : $string($states.input.event)"
    assigned = {"called": call, "status": status, "expected": "[$states.input.statuses]"}
    refused = jsonata("$called & ' was answered with ' & $status")
    invocation = {"FunctionName": jsonata("$name & ':' & $version"), "Payload": jsonata("$states.input.event")}
    states: dict[str, State] = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": invocation,
            "TimeoutSeconds": CALL_TIMEOUT_S,
            "Retry": [{**RETRIES, "ErrorEquals": [*LAMBDAS_OWN]}],
            "Assign": {name: jsonata(expression) for name, expression in assigned.items()},
            "Next": "Is it well",
        },
        "Is it well": {
            "Type": "Choice",
            "Choices": [{"Condition": jsonata("$status in $expected"), "Next": "It is well"}],
            "Default": "It is not",
        },
        "It is well": {"Type": "Succeed"},
        "It is not": {
            "Type": "Fail",
            "Error": "TestFailed",
            "Cause": refused,
        },
    }
    return {
        "Type": "Map",
        "Items": jsonata("[$calls]"),
        "MaxConcurrency": 1,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Call", "States": states},
        "Retry": [{**RETRIES, "ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
        "Catch": [catch("the test failed")],
        "Next": following,
    }


def count_errors(*, own: bool) -> State:
    """Ask for the new version's own calls and errors since it got its share.

    Args:
        own: also for the errors that the function tells itself. It answers 500 and does not fail, and Lambda's own
            number is of what fails; a task of the projector that fails is in both.
    """
    of_lambda = {"FunctionName": "$name", "Resource": f"$name & ':{LIVE}'", "ExecutedVersion": "$version"}
    queries = [
        _sum("failed", "AWS/Lambda", "Errors", of_lambda),
        _sum("invocations", "AWS/Lambda", "Invocations", of_lambda),
        *([_sum("answered", NAMESPACE, ERRORS, {FUNCTION: "$name", VERSION: "$version"})] if own else []),
    ]
    asked = {"MetricDataQueries": queries, "StartTime": jsonata("$since"), "EndTime": jsonata("$now()")}
    return {
        **ask_aws("cloudwatch:getMetricData", asked, RETRIES),
        "Assign": {
            "errors": jsonata(_total("failed", "answered")),
            "invocations": jsonata(_total("invocations")),
        },
        "Catch": [catch("its errors could not be counted")],
        "Next": "Judge",
    }


def _sum(id_: str, namespace: str, metric: str, dimensions: Mapping[str, str]) -> State:
    """Return the query for the sums of a metric, whose dimensions' values are expressions."""
    named = [{"Name": name, "Value": jsonata(value)} for name, value in dimensions.items()]
    asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    return {"Id": id_, "MetricStat": {"Metric": asked, "Period": 60, "Stat": "Sum"}}


def _total(*ids: str) -> str:
    """Add the values of queries up; an emulator says '' where there is none."""
    return f"$sum([$states.result.MetricDataResults[Id in {[*ids]}].Values[$boolean($)].$number()])"


def find_ringing(name: str, alarms: Sequence[str], variable: str, following: str) -> dict[str, State]:
    """Ask which of these alarms ring; without their names the request would be about every alarm of the account."""
    asked = {"AlarmNames": [*alarms], "StateValue": "ALARM", "AlarmTypes": ["MetricAlarm"]}
    return {
        name: {
            **ask_aws("cloudwatch:describeAlarms", asked, RETRIES),
            "Assign": {variable: jsonata("[$states.result.MetricAlarms.AlarmName]")},
            "Catch": [catch("the alarms could not be read")],
            "Next": following,
        }
    }


def look_at_alias(mark: str, **more: object) -> State:
    """Ask where the alias is, and remember it; nothing is known before, so an error just ends the machine.

    Args:
        mark: what begins the part of its description that is not to be remembered.
        more: of the state.
    """
    result = "$states.result"
    assigned = {
        "old": jsonata(f"{result}.FunctionVersion"),
        "revision": jsonata(f"{result}.RevisionId"),
        "was": jsonata(f"$substringBefore({result}.Description & '', '{mark}')"),
    }
    return {
        **ask_aws("lambda:getAlias", {"FunctionName": jsonata("$name"), "Name": LIVE}, RETRIES),
        "Assign": assigned,
        **more,
    }


def move_alias(change: Mapping[str, object], **more: object) -> State:
    """Move the alias, unless somebody else has moved it."""
    arguments = {"FunctionName": jsonata("$name"), "Name": LIVE, "RevisionId": jsonata("$revision"), **change}
    task = ask_aws("lambda:updateAlias", arguments, RETRIES)
    never: State = {"ErrorEquals": [MOVED], "MaxAttempts": 0}
    return {
        **task,
        "Retry": [never, {**RETRIES, "ErrorEquals": ["States.ALL"]}],
        "Catch": [catch("the alias could not be moved")],
        **more,
    }


def ask_aws(action: str, arguments: Mapping[str, object], retries: State) -> State:
    """Return a task that calls AWS, and tries again where AWS is throttling or away."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Arguments": dict(arguments),
        "TimeoutSeconds": REQUEST_TIMEOUT_S,
        "Retry": [{**retries, "ErrorEquals": ["States.ALL"]}],
    }


def catch(what: str) -> State:
    """Lead every error to the way back, with its reason."""
    error = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
    return {"ErrorEquals": ["States.ALL"], "Assign": {"reason": jsonata(f"'{what}: ' & {error}")}, "Next": BACK}


def turn_back(condition: str, reason: str) -> State:
    """Return a choice's rule that leads to the way back."""
    return {"Condition": jsonata(condition), "Assign": {"reason": jsonata(reason)}, "Next": BACK}
