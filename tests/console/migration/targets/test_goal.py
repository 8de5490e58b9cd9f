from __future__ import annotations

import pytest

from console.errors import ConsoleError
from console.migration.targets.goal import OPTIONS, CopyGoal, Kind, check_options, parse_goal


@pytest.mark.parametrize(
    ("to", "goal"),
    [
        ("postgresql://app@host/app", CopyGoal("postgresql", "postgresql://app@host/app")),
        ("postgres://host", CopyGoal("postgresql", "postgres://host")),
        ("dynamodb:app-", CopyGoal("dynamodb", "app-")),
        ("dynamodb:", CopyGoal("dynamodb")),
        ("ledger", CopyGoal("ledger")),
    ],
)
def test_a_goal_is_what_to_names(to: str, goal: CopyGoal) -> None:
    assert parse_goal(to) == goal


@pytest.mark.parametrize("to", ["", "postgresql:/host", "mysql://app:s3cret@host", "ledger:", "DynamoDB:app"])
def test_what_is_no_goal_is_refused_and_not_said(to: str) -> None:
    with pytest.raises(ConsoleError, match=r"^--to names neither PostgreSQL nor DynamoDB nor the ledger$"):
        parse_goal(to)


@pytest.mark.parametrize("kind", ["postgresql", "dynamodb", "ledger"])
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_that_means_nothing_is_refused(kind: Kind, option: str) -> None:
    check_options(CopyGoal(kind), {option: ""})
    if kind in OPTIONS[option]:
        check_options(CopyGoal(kind), {option: "given"})
        return
    with pytest.raises(ConsoleError, match=f"^{option} says nothing about --to {kind}$"):
        check_options(CopyGoal(kind), {option: "given"})
