"""The IAM documents of the state machine. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Sequence

from infra.account import Account
from infra.policies import DELIVER_LOGS, allow, document, trust

TRACES = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


def rollout_policy(function_arns: Sequence[str], *, alarm_arns: Sequence[str], tracing: bool) -> str:
    """Allow to call the versions of these functions, to move their aliases, and to see how they and the alarms do.

    Numbers of CloudWatch are granted on everything only. Alarms need no more than their own ARNs, as long as nobody
    asks for composite ones (source: its API reference, DescribeAlarms).
    """
    return document(
        allow("Test", ["lambda:InvokeFunction"], [f"{arn}:*" for arn in function_arns]),
        allow("Move", ["lambda:GetAlias", "lambda:UpdateAlias"], function_arns),
        allow("Watch", ["cloudwatch:GetMetricData"], ["*"]),
        *([allow("Alarms", ["cloudwatch:DescribeAlarms"], alarm_arns)] if alarm_arns else []),
        allow("Logs", DELIVER_LOGS, ["*"]),
        *([allow("Traces", TRACES, ["*"])] if tracing else []),
    )


def rollout_trust(account: Account, machine_name: str) -> str:
    """Let Step Functions take a role for one state machine, and for nobody else's."""
    arn = account.arn("states", f"stateMachine:{machine_name}")
    condition = {"StringEquals": {"aws:SourceAccount": account.account_id}, "ArnEquals": {"aws:SourceArn": arn}}
    return trust("states.amazonaws.com", Condition=condition)
