from __future__ import annotations

import ipaddress
import json
import re
import string

from hypothesis import given
from hypothesis import strategies as st

from infra import naming
from infra.naming import Naming, subnet_cidrs
from infra.settings import LARGEST_VPC, SMALLEST_VPC

PART = st.text(string.ascii_lowercase + string.digits + "-", min_size=1, max_size=20)
STACK = st.from_regex(r"[a-z][a-z0-9-]{0,23}", fullmatch=True)


@st.composite
def networks(draw: st.DrawFn) -> ipaddress.IPv4Network:
    prefix = draw(st.integers(LARGEST_VPC, SMALLEST_VPC))
    return ipaddress.IPv4Network((draw(st.integers(0, 2**32 - 1)), prefix), strict=False)


def of(stack: str, project: str = "lambda-sqlite") -> Naming:
    return Naming(
        project=project, stack=stack, stage="dev", partition="aws", region="us-east-1", account="123456789012"
    )


@given(networks(), st.integers(2, 3))
def test_subnets_lie_inside_the_network_and_apart(network: ipaddress.IPv4Network, count: int) -> None:
    subnets = [ipaddress.IPv4Network(text) for text in subnet_cidrs(network, count)]
    assert len(subnets) == count
    assert all(subnet.subnet_of(network) for subnet in subnets)
    assert not any(one.overlaps(other) for one in subnets for other in subnets if one is not other)
    assert all(16 <= subnet.prefixlen <= 28 for subnet in subnets)


@given(networks())
def test_a_third_zone_leaves_the_first_two_where_they_are(network: ipaddress.IPv4Network) -> None:
    assert subnet_cidrs(network, 3)[:2] == subnet_cidrs(network, 2)


@given(STACK)
def test_names_fit_where_they_are_used(stack: str) -> None:
    for part in ("command", "query", "ledger", "flow", "key", "api"):
        assert re.fullmatch(r"[A-Za-z0-9_-]{3,64}", of(stack).name(part))  # a function's and a role's name
        assert re.fullmatch(r"[\w.#/-]{1,512}", of(stack).vended_log_group(part))


@given(STACK, STACK, st.sampled_from(["command", "query"]))
def test_two_stacks_share_no_name(one: str, other: str, part: str) -> None:
    names = {of(stack).name(part) for stack in (one, other)} | {of(stack).log_group(part) for stack in (one, other)}
    assert len(names) == 2 * len({one, other})


@given(STACK, PART)
def test_tags_name_the_part_and_its_stack(stack: str, part: str) -> None:
    tags = of(stack).tags(part)
    assert tags["Name"] == of(stack).name(part)
    assert tags["Stack"] == stack
    assert all(len(value) <= 256 for value in tags.values())


@given(STACK, PART)
def test_arns_say_whose_they_are(stack: str, part: str) -> None:
    assert of(stack).arn("logs", part) == f"arn:aws:logs:us-east-1:123456789012:{part}"
    assert of(stack).table_arn().endswith(f":table/{of(stack).table()}")


@given(st.lists(st.text(min_size=1), min_size=1), st.lists(st.text(min_size=1), min_size=1))
def test_statements_say_what_they_are_given(actions: list[str], resources: list[str]) -> None:
    allowed, denied = naming.allow("A", actions, resources, Principal="*"), naming.deny("B", actions, resources)
    document = json.loads(naming.document(allowed, denied))
    assert document == {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": actions, "Resource": resources, "Principal": "*"},
            {"Sid": "B", "Effect": "Deny", "Action": actions, "Resource": resources},
        ],
    }
