from __future__ import annotations

import ipaddress

from hypothesis import given
from hypothesis import strategies as st

from infra.foundation.subnets import subnet_cidrs
from infra.settings.network_settings import LARGEST_VPC, SMALLEST_VPC


@st.composite
def networks(draw: st.DrawFn) -> ipaddress.IPv4Network:
    prefix = draw(st.integers(LARGEST_VPC, SMALLEST_VPC))
    return ipaddress.IPv4Network((draw(st.integers(0, 2**32 - 1)), prefix), strict=False)


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
