"""The subnets' zones and ranges."""

from __future__ import annotations

import ipaddress

import pulumi_aws as aws

from infra.typed_config import ConfigError

SUBNET_BITS = 2  # quarters: up to three subnets, and room for one more
NO_LAMBDA_ZONES = ("use1-az3",)  # has neither arm64 functions nor mount targets


def subnet_cidrs(network: ipaddress.IPv4Network, count: int) -> list[str]:
    """The ranges of the first `count` quarters of a network."""
    return [str(subnet) for subnet in list(network.subnets(SUBNET_BITS))[:count]]


def zone_names(region: str, count: int) -> list[str]:
    """The first `count` availability zones of the region. Raises ConfigError where it has fewer."""
    zones = aws.get_availability_zones(
        state="available",
        exclude_zone_ids=list(NO_LAMBDA_ZONES),
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
    ).names
    if len(zones) < count:
        raise ConfigError("zones", count, f"at most the {len(zones)} that {region} has")
    return sorted(zones)[:count]
