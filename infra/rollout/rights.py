"""The rights of the rollout's state machine. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Sequence

from infra.machines.rights import machine_policy
from infra.policies import allow


def rollout_policy(function_arns: Sequence[str], *, alarm_arns: Sequence[str], tracing: bool) -> str:
    """Allow to call the versions of these functions, to move their aliases, and to see how they and the alarms do.

    Numbers of CloudWatch are granted on everything only. Alarms need no more than their own ARNs, as long as nobody
    asks for composite ones (source: its API reference, DescribeAlarms).
    """
    work = [
        allow("Test", ["lambda:InvokeFunction"], [f"{arn}:*" for arn in function_arns]),
        allow("Move", ["lambda:GetAlias", "lambda:UpdateAlias"], function_arns),
        allow("Watch", ["cloudwatch:GetMetricData"], ["*"]),
        *([allow("Alarms", ["cloudwatch:DescribeAlarms"], alarm_arns)] if alarm_arns else []),
    ]
    return machine_policy(work, tracing=tracing)
