"""The state machine that rebuilds all segments. Pure: from an ARN and numbers to a definition.

An execution gets `{"job": ID}`. Its steps are tasks of the projector, which has the ledger and the file system:

    check: is what is published right? → plan: which ranges are missing? → build them, 8 at a time → plan again
    → none is missing: publish

A build that runs out of time, and a file that is damaged or gone, are ranges that the next plan finds missing. Each
step says the job's state: where that is not `running`, the job was cancelled or has ended, and so does the machine.
Whatever fails for good is put down in the job, with the step and the rows.

Variables, not states' outputs, carry what is known: the answers of a Map with many ranges would not fit (256 KiB), and
a plan names no more ranges than an execution's history bears (25 000 events, some 8 a range).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.machines.language import LAMBDAS_OWN, State, jsonata, machine_of

AT_ONCE = 8
MOST_PLANS = 12  # of 200 ranges at most, each with some 8 events
TASK = "rebuild"  # by the projector's name for it
CHECK, PLAN, BUILD, PUBLISH = "Check what is published", "Plan", "Build", "Publish"
GO_ON, ANY_LEFT, IS_PUBLISHED, ENDED = "Is it to go on", "Is a range missing", "Is it published", "The job has ended"
FAIL, IT_FAILED, RANGE, RANGE_FAILED = "Put it down in the job", "It failed", "Build a range", "The range failed"
# Another try would find the same: the ledger is of another history, or has other columns.
HOPELESS = ("DivergedError", "OtherColumnsError")
# Throttled, be it because the projector has fewer sandboxes of its own than ranges are built at once: for minutes.
THROTTLED: State = {
    "ErrorEquals": [*LAMBDAS_OWN],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxDelaySeconds": 30,
    "MaxAttempts": 20,
    "JitterStrategy": "FULL",
}
RETRIES: Sequence[State] = (
    {"ErrorEquals": [*HOPELESS], "MaxAttempts": 0},
    THROTTLED,
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "BackoffRate": 2, "MaxAttempts": 3},
)
LONGER_S = 60  # than the function's own limit, so that nothing is begun again that still runs


@dataclass(frozen=True, kw_only=True)
class RebuildPlan:
    """The differences between two machines.

    Args:
        function_arn: of the projector's alias.
        timeout_s: the projector's own.
        range_rows: the most rows of a range; None: as many as a segment may have.
        partition: of AWS, as its ARNs have it.
    """

    function_arn: str
    timeout_s: int
    range_rows: int | None = None
    partition: str = "aws"


def definition_of(plan: RebuildPlan) -> dict[str, object]:
    """Return the definition in Amazon States Language."""
    states = {**_begin(plan), **_build(plan), **_end(plan)}
    return machine_of("Make all segments anew, range by range", CHECK, states, plan.partition)


def _begin(plan: RebuildPlan) -> dict[str, State]:
    """Return the states up to the ranges that are to be built."""
    job, result = jsonata("$states.input.job"), "$states.result.Payload"
    begun: State = {"job": job, "state": jsonata(f"{result}.state"), "goal": {}, "plans": 0}
    planned = {
        "state": jsonata(f"{result}.state"),
        "goal": jsonata(f"{result}.goal"),
        "ranges": jsonata(f"[{result}.ranges]"),
        "plans": jsonata("$plans + 1"),
    }
    asked = {"goal": jsonata("$goal"), **({"range_rows": plan.range_rows} if plan.range_rows else {})}
    return {
        CHECK: _step(plan, "check", {"job": job}, Assign=begun, Next=GO_ON, Catch=[_catch("check", job=job)]),
        GO_ON: _choose({"$state = 'running'": PLAN}, ENDED),
        PLAN: _step(plan, "plan", asked, Assign=planned, Next=ANY_LEFT),
        ANY_LEFT: {
            "Type": "Choice",
            "Choices": [
                {"Condition": jsonata("$state != 'running'"), "Next": ENDED},
                {"Condition": jsonata("$count($ranges) = 0"), "Next": PUBLISH},
                {
                    "Condition": jsonata(f"$plans > {MOST_PLANS}"),
                    "Assign": {
                        "where": "plan",
                        "error": "NoEnd",
                        "cause": f"not all is built after {MOST_PLANS} plans",
                    },
                    "Next": FAIL,
                },
            ],
            "Default": BUILD,
        },
    }


def _build(plan: RebuildPlan) -> dict[str, State]:
    """Return the states that build the ranges."""
    rows = "$states.input.first & ' to ' & $states.input.last"
    span = {"first": jsonata("$states.input.first"), "last": jsonata("$states.input.last"), "goal": jsonata("$goal")}
    # Step Functions refuses to assign a variable within a Map that is assigned outside it too: these have own names.
    why = f"'rows ' & {rows} & ': ' & {_text('Cause')}"
    caught = {"range_error": _error("Error"), "range_cause": jsonata(why)}
    states = {
        RANGE: _step(
            plan,
            "build",
            span,
            Output={},
            End=True,
            Catch=[{"ErrorEquals": ["States.ALL"], "Assign": caught, "Next": RANGE_FAILED}],
        ),
        RANGE_FAILED: {"Type": "Fail", "Error": jsonata("$range_error"), "Cause": jsonata("$range_cause")},
    }
    return {
        BUILD: {
            "Type": "Map",
            "Items": jsonata("$ranges"),
            "MaxConcurrency": AT_ONCE,
            "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": RANGE, "States": states},
            "Output": {},
            "Catch": [_catch("build")],
            "Next": PLAN,
        }
    }


def _end(plan: RebuildPlan) -> dict[str, State]:
    """Return the states that end it."""
    told = {name: jsonata(f"${name}") for name in ("where", "error", "cause")}
    published = {"state": jsonata("$states.result.Payload.state")}
    failing = {"Assign": {"told": True}, "Next": IT_FAILED}
    return {
        PUBLISH: _step(plan, "publish", {"goal": jsonata("$goal")}, Assign=published, Next=IS_PUBLISHED),
        IS_PUBLISHED: _choose({"$state = 'running'": PLAN}, ENDED),
        ENDED: {"Type": "Succeed"},
        FAIL: _step(plan, "fail", told, **failing, Catch=[{"ErrorEquals": ["States.ALL"], "Next": IT_FAILED}]),
        IT_FAILED: {"Type": "Fail", "Error": jsonata("$error"), "Cause": jsonata("$where & ': ' & $cause")},
    }


def _step(plan: RebuildPlan, step: str, event: Mapping[str, object], **more: object) -> State:
    """Return a call of the projector for one step; `more` are other elements of the state."""
    payload = {"task": TASK, "step": step, "job": jsonata("$job"), **event}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": plan.function_arn, "Payload": payload},
        "TimeoutSeconds": plan.timeout_s + LONGER_S,
        "Retry": [*RETRIES],
        "Catch": [_catch(step)],
        **more,
    }


def _catch(where: str, **more: str) -> State:
    """Lead every error to the state that puts it down."""
    assigned = {"where": where, "error": _error("Error"), "cause": jsonata(_text("Cause")), **more}
    return {"ErrorEquals": ["States.ALL"], "Assign": assigned, "Next": FAIL}


def _error(member: str) -> str:
    return jsonata(_text(member))


def _text(member: str) -> str:
    """Return the expression for a member of the error at hand, which may be missing; a Fail state takes 32 KiB."""
    return f"$substring($states.errorOutput.{member} & '', 0, 30000)"


def _choose(conditions: Mapping[str, str], otherwise: str) -> State:
    choices = [{"Condition": jsonata(condition), "Next": following} for condition, following in conditions.items()]
    return {"Type": "Choice", "Choices": choices, "Default": otherwise}
