"""The state machine that rolls one version of one function out. Pure: from names and numbers to a definition.

An execution gets `{"function": NAME, "version": NUMBER}`. Its steps:

    test the new version → a share of the calls → watch, test again, alarms, errors: so many rounds → all calls

Whatever goes wrong on the way leads to `Look at the alias again`, and from there back. The machine has no time limit of
its own, since that would end it wherever it is, with the calls still divided; each of its tasks has one. `RevisionId`
has an update refused where somebody else has moved the alias meanwhile; the way back does not insist on it.

Sources: the Step Functions developer guide on JSONata, on error handling and on AWS SDK integrations (names of
errors), and the Lambda developer guide on metrics (`ExecutedVersion` is counted for calls through an alias alone).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from infra.compute.function import ALIAS_DESCRIPTION, LIVE
from infra.rollout.calls import Call

State = dict[str, object]

ROUND_S = 15  # at least, between two looks at a version that has a share
MOST_ROUNDS = 12  # each is some 90 events, and an execution may have 25 000
CALL_TIMEOUT_S = 60
REQUEST_TIMEOUT_S = 30
MOST_ERRORS_PERCENT = 1  # of the new version's own calls
BEFORE = "before: "  # in the alias's description: the versions that were live before, the last one first
MOST_BEFORE = 20  # a description has 256 characters at most
LIVE_STATE, TEST, SHARE, BACK, NOT_LIVE = (
    "The new version is live",
    "Test the new version",
    "Give it a share of the calls",
    "Look at the alias again",
    "The old version stays",
)
# Waits of 1, 2, 4, 8 and 16 s at most: throttling and short failures of AWS are over by then.
RETRIES: State = {"IntervalSeconds": 1, "BackoffRate": 2, "MaxAttempts": 5, "JitterStrategy": "FULL"}
# The way back is worth ten minutes of trying.
MANY_RETRIES: State = {**RETRIES, "MaxAttempts": 15, "MaxDelaySeconds": 60}
ONE_VERSION: State = {"AdditionalVersionWeights": {}}
MOVED = "Lambda.PreconditionFailedException"


@dataclass(frozen=True, kw_only=True)
class Canary:
    """The differences between two machines.

    Args:
        calls: the test of each function, by its name.
        alarms: names of CloudWatch alarms that turn a version back; those that ring beforehand do not.
        percent: the share of calls that the new version gets at first.
        bake_s: how long it is watched with that share.
        partition: of AWS, as its ARNs have it.
    """

    calls: Mapping[str, Sequence[Call]]
    alarms: Sequence[str]
    percent: int
    bake_s: int
    partition: str = "aws"


def definition_of(canary: Canary) -> dict[str, object]:
    """Return the definition in Amazon States Language."""
    states = {**_begin(canary), **_watch(canary), **_end(), **_go_back()}
    return {
        "Comment": "Move an alias to a new version by a share first, or leave it where it is",
        "QueryLanguage": "JSONata",
        "StartAt": "Read the order",
        "States": _in_partition(states, canary.partition),
    }


def _in_partition(states: dict[str, State], partition: str) -> dict[str, State]:
    """Return the states with the integrations of AWS named as a partition of it names them."""
    return json.loads(json.dumps(states).replace("arn:aws:states:::", f"arn:{partition}:states:::"))


def _begin(canary: Canary) -> dict[str, State]:
    """Return the states up to the share; before the last of them nothing is changed."""
    order = {"function": _of("$states.input.function"), "version": _of("$string($states.input.version)")}
    calls = _of("$lookup($tests, $function)")
    share = _of(f"{{ $version: {canary.percent / 100} }}")
    return {
        "Read the order": {"Type": "Pass", "Assign": {**order, "tests": dict(canary.calls)}, "Next": "Find its test"},
        "Find its test": {"Type": "Pass", "Assign": {"calls": calls, "round": 0}, "Next": "Look at the alias"},
        "Look at the alias": _get_alias(Next="Is there anything to do"),
        "Is there anything to do": {
            "Type": "Choice",
            "Choices": [{"Condition": _of("$old = $version"), "Next": LIVE_STATE}],
            "Default": "See which alarms ring" if canary.alarms else TEST,
        },
        **(_alarms("See which alarms ring", canary.alarms, "rang", TEST) if canary.alarms else {}),
        TEST: _test(SHARE),
        SHARE: _move(
            {"FunctionVersion": _of("$old"), "RoutingConfig": {"AdditionalVersionWeights": share}},
            Assign={"revision": _of("$states.result.RevisionId"), "since": _of("$now()")},
            Next="Watch",
        ),
    }


def _watch(canary: Canary) -> dict[str, State]:
    """Return the states of a round."""
    rounds = min(ceil(canary.bake_s / ROUND_S), MOST_ROUNDS)
    judged = "See whether an alarm rings" if canary.alarms else "Count its errors"
    return {
        "Watch": {
            "Type": "Wait",
            "Seconds": ceil(canary.bake_s / rounds),
            "Assign": {"round": _of("$round + 1")},
            "Next": "Test it again",
        },
        "Test it again": _test(judged),
        **(_alarms(judged, canary.alarms, "ringing", "Count its errors") if canary.alarms else {}),
        "Count its errors": _count_errors(),
        "Judge": {
            "Type": "Choice",
            "Choices": [
                *([_turn_back("$count($ringing[$not($ in $rang)]) > 0", RINGS)] if canary.alarms else []),
                _turn_back(f"$errors * 100 > $invocations * {MOST_ERRORS_PERCENT}", FAILS),
                {"Condition": _of(f"$round < {rounds}"), "Next": "Watch"},
            ],
            "Default": "Give it all calls",
        },
    }


RINGS = "'alarms ring that did not before: ' & $join($ringing[$not($ in $rang)], ', ')"
FAILS = "$errors & ' of its ' & $invocations & ' calls ended with an error'"


def _end() -> dict[str, State]:
    """Return the last step, which writes down what was live before."""
    earlier = f"$contains($was, '{BEFORE}') ? $split($substringAfter($was, '{BEFORE}'), ' ') : []"
    newest = f"$join($append([$old], {earlier})[[0..{MOST_BEFORE - 1}]], ' ')"
    return {
        "Give it all calls": _move(
            {
                "FunctionVersion": _of("$version"),
                "RoutingConfig": ONE_VERSION,
                "Description": _of(f"'{ALIAS_DESCRIPTION}; {BEFORE}' & {newest}"),
            },
            Next=LIVE_STATE,
        ),
        LIVE_STATE: {"Type": "Succeed"},
    }


def _go_back() -> dict[str, State]:
    """Return the way back: to the old version where the new one has a share, and else nowhere.

    Where nothing was changed yet, or somebody else has moved the alias, it stays where it is. Where it is at the new
    version after all, an answer of AWS got lost, or another execution was faster.
    """
    weights = "$states.result.RoutingConfig.AdditionalVersionWeights"
    seen = {
        "is_shared": _of(f"$exists($lookup({weights}, $version))"),
        "is_live": _of("$states.result.FunctionVersion = $version"),
    }
    back: State = {"FunctionVersion": _of("$old"), "RoutingConfig": ONE_VERSION}
    return {
        BACK: {
            **_call("lambda:getAlias", {"FunctionName": _of("$function"), "Name": LIVE}, MANY_RETRIES),
            "Assign": seen,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Go back"}],
            "Next": "Is it to go back",
        },
        "Is it to go back": {
            "Type": "Choice",
            "Choices": [
                {"Condition": _of("$is_shared"), "Next": "Go back"},
                {"Condition": _of("$is_live"), "Next": LIVE_STATE},
            ],
            "Default": NOT_LIVE,
        },
        "Go back": {
            **_call("lambda:updateAlias", {"FunctionName": _of("$function"), "Name": LIVE, **back}, MANY_RETRIES),
            "Next": NOT_LIVE,
        },
        NOT_LIVE: {"Type": "Fail", "Error": "NotLive", "Cause": _of("$substring($reason, 0, 4000)")},
    }


def _test(following: str) -> State:
    """Make all calls of the function's test, one after another; all of it once more where one fails."""
    status = "$exists($states.result.Payload.statusCode) ? $states.result.Payload.statusCode : 200"
    call = "$states.input.routeKey ? $states.input.routeKey : $string($states.input)"
    invocation = {"FunctionName": _of("$function & ':' & $version"), "Payload": _of("$states.input")}
    states: dict[str, State] = {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": invocation,
            "TimeoutSeconds": CALL_TIMEOUT_S,
            "Assign": {"called": _of(call), "status": _of(status)},
            "Next": "Is it well",
        },
        "Is it well": {
            "Type": "Choice",
            "Choices": [{"Condition": _of("$status = 200"), "Next": "It is well"}],
            "Default": "It is not",
        },
        "It is well": {"Type": "Succeed"},
        "It is not": {"Type": "Fail", "Error": "TestFailed", "Cause": _of("$called & ' was answered with ' & $status")},
    }
    return {
        "Type": "Map",
        "Items": _of("[$calls]"),
        "MaxConcurrency": 1,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Call", "States": states},
        "Retry": [{**RETRIES, "ErrorEquals": ["States.ALL"], "MaxAttempts": 1}],
        "Catch": [_catch("the test failed")],
        "Next": following,
    }


def _count_errors() -> State:
    """Ask for the new version's own calls and errors since it got its share."""
    dimensions = {"FunctionName": "$function", "Resource": f"$function & ':{LIVE}'", "ExecutedVersion": "$version"}
    queries = [
        {
            "Id": metric.lower(),
            "MetricStat": {
                "Metric": {
                    "Namespace": "AWS/Lambda",
                    "MetricName": metric,
                    "Dimensions": [{"Name": name, "Value": _of(value)} for name, value in dimensions.items()],
                },
                "Period": 60,
                "Stat": "Sum",
            },
        }
        for metric in ("Errors", "Invocations")
    ]
    asked = {"MetricDataQueries": queries, "StartTime": _of("$since"), "EndTime": _of("$now()")}
    return {
        **_call("cloudwatch:getMetricData", asked, RETRIES),
        "Assign": {name: _of(_sum_of(name)) for name in ("errors", "invocations")},
        "Catch": [_catch("its errors could not be counted")],
        "Next": "Judge",
    }


def _sum_of(metric: str) -> str:
    """Add a metric's values up; an emulator says '' where there is none."""
    return f"$sum([$states.result.MetricDataResults[Id = '{metric}'].Values[$boolean($)].$number()])"


def _alarms(name: str, alarms: Sequence[str], variable: str, following: str) -> dict[str, State]:
    """Ask which of these alarms ring; without their names the request would be about every alarm of the account."""
    asked = {"AlarmNames": [*alarms], "StateValue": "ALARM", "AlarmTypes": ["MetricAlarm", "CompositeAlarm"]}
    found = "[$states.result.MetricAlarms.AlarmName, $states.result.CompositeAlarms.AlarmName]"
    return {
        name: {
            **_call("cloudwatch:describeAlarms", asked, RETRIES),
            "Assign": {variable: _of(found)},
            "Catch": [_catch("the alarms could not be read")],
            "Next": following,
        }
    }


def _get_alias(**more: object) -> State:
    result = "$states.result"
    assigned = {
        "old": _of(f"{result}.FunctionVersion"),
        "revision": _of(f"{result}.RevisionId"),
        "was": _of(f"{result}.Description & ''"),
    }
    return {
        **_call("lambda:getAlias", {"FunctionName": _of("$function"), "Name": LIVE}, RETRIES),
        "Assign": assigned,
        **more,
    }


def _move(change: Mapping[str, object], **more: object) -> State:
    """Move the alias, unless somebody else has moved it."""
    arguments = {"FunctionName": _of("$function"), "Name": LIVE, "RevisionId": _of("$revision"), **change}
    task = _call("lambda:updateAlias", arguments, RETRIES)
    never: State = {"ErrorEquals": [MOVED], "MaxAttempts": 0}
    return {
        **task,
        "Retry": [never, {**RETRIES, "ErrorEquals": ["States.ALL"]}],
        "Catch": [_catch("the alias could not be moved")],
        **more,
    }


def _call(action: str, arguments: Mapping[str, object], retries: State) -> State:
    """Return a task that calls AWS, and tries again where AWS is throttling or away."""
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::aws-sdk:{action}",
        "Arguments": dict(arguments),
        "TimeoutSeconds": REQUEST_TIMEOUT_S,
        "Retry": [{**retries, "ErrorEquals": ["States.ALL"]}],
    }


def _catch(what: str) -> State:
    """Lead every error to the way back, with its reason."""
    error = "$states.errorOutput.Error & ': ' & $states.errorOutput.Cause"
    return {"ErrorEquals": ["States.ALL"], "Assign": {"reason": _of(f"'{what}: ' & {error}")}, "Next": BACK}


def _turn_back(condition: str, reason: str) -> State:
    return {"Condition": _of(condition), "Assign": {"reason": _of(reason)}, "Next": BACK}


def _of(expression: str) -> str:
    """Return a JSONata expression as the language takes it."""
    return f"{{% {expression} %}}"
