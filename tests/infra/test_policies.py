from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from infra import policies


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
