"""A monthly budget of what carries the stack's tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming

FORECAST, ACTUAL = "FORECASTED", "ACTUAL"
EARLY_PERCENT, SPENT_PERCENT = 80, 100


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    """The budget in USD a month, and who is told: addresses by AWS Budgets itself, and topics."""

    naming: Naming
    usd: int
    emails: Sequence[str] = ()
    topic_arns: Sequence[pulumi.Input[str]] = ()


class BudgetComponent(pulumi.ComponentResource):
    """A budget that tells when 80 % of it are forecast, when 80 % are spent, and when all of it is.

    A forecast takes AWS some five weeks of bills; until then the others speak. Source: AWS Cost Management user
    guide, "Best practices for AWS Budgets". It counts what carries the stack's tags Project and Stack, from the day on
    which both are activated for cost allocation in the billing console; before that it counts nothing.
    """

    budget: aws.budgets.Budget

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:BudgetComponent", name, None, opts)
        naming = args.naming
        self.budget = aws.budgets.Budget(
            f"{name}-monthly",
            name=naming.name("monthly"),
            budget_type="COST",
            limit_amount=str(args.usd),
            limit_unit="USD",
            time_unit="MONTHLY",
            metrics="UnblendedCost",
            filter_expression={
                "ands": [
                    {"tags": {"key": "Project", "values": [naming.project]}},
                    {"tags": {"key": "Stack", "values": [naming.stack]}},
                ]
            },
            notifications=[
                _notification(kind, percent, args)
                for kind, percent in ((FORECAST, EARLY_PERCENT), (ACTUAL, EARLY_PERCENT), (ACTUAL, SPENT_PERCENT))
            ],
            tags=naming.tags("monthly"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"budget_name": self.budget.name})


def _notification(kind: str, percent: int, args: BudgetArgs) -> aws.budgets.BudgetNotificationArgsDict:
    return {
        "notification_type": kind,
        "comparison_operator": "GREATER_THAN",
        "threshold": percent,
        "threshold_type": "PERCENTAGE",
        "subscriber_email_addresses": args.emails,
        "subscriber_sns_topic_arns": args.topic_arns,
    }
