"""The IAM documents of state machines. Pure: from ARNs to JSON."""

from __future__ import annotations

from collections.abc import Sequence

from infra.account import Account
from infra.policies import DELIVER_LOGS, Statement, allow, document, trust

TRACES = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


def machine_policy(work: Sequence[Statement], *, tracing: bool) -> str:
    """Allow a state machine its work, to have its log delivered and, where it is traced, its traces."""
    traces = [allow("Traces", TRACES, ["*"])] if tracing else []
    return document(*work, allow("Logs", DELIVER_LOGS, ["*"]), *traces)


def machine_trust(account: Account, machine_name: str) -> str:
    """Let Step Functions take a role for one state machine, and for nobody else's."""
    arn = account.arn("states", f"stateMachine:{machine_name}")
    condition = {"StringEquals": {"aws:SourceAccount": account.account_id}, "ArnEquals": {"aws:SourceArn": arn}}
    return trust("states.amazonaws.com", Condition=condition)
