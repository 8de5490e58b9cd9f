from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra import policies
from tests.infra.contract import statements
from tests.infra.program import EVERYTHING, run

SWITCHED_ON = {"jobs": True, "lake": True, "notifications": True, "alarms": True}
IN_THE_CLEAR = {"Bool": {"aws:SecureTransport": "false"}}


@given(st.lists(st.text(min_size=1), min_size=1), st.lists(st.text(min_size=1), min_size=1))
def test_statements_say_what_they_are_given(actions: list[str], resources: list[str]) -> None:
    allowed, denied = policies.allow("A", actions, resources, Principal="*"), policies.deny("B", actions, resources)
    document = json.loads(policies.document(allowed, denied))
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": actions, "Resource": resources, "Principal": "*"},
            {"Sid": "B", "Effect": "Deny", "Action": actions, "Resource": resources},
        ],
    }


@pytest.mark.parametrize("stack", ["dev", "local", EVERYTHING])
def test_nobody_comes_without_tls_but_to_a_stack_that_an_emulator_may_have(stack: str) -> None:
    guards = run(stack, SWITCHED_ON).of("BucketPolicy", "QueuePolicy", "TopicPolicy")
    denials = [each for node in guards for each in statements(node) if each["Effect"] == "Deny"]
    from_here = {"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}} if stack != EVERYTHING else {}
    assert len(denials) == len(guards) >= 7
    assert [denial["Condition"] for denial in denials] == [{**IN_THE_CLEAR, **from_here}] * len(guards)
