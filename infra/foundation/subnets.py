"""A network's isolated subnets: their zones and ranges."""

from __future__ import annotations

import ipaddress

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.typed_config import ConfigError

SUBNET_BITS = 2  # quarters: up to three subnets, and room for one more
NO_LAMBDA_ZONES = ("use1-az3",)  # has neither arm64 functions nor mount targets


def isolated_subnets(
    name: str,
    *,
    vpc_id: pulumi.Input[str],
    route_table_id: pulumi.Input[str],
    cidr: ipaddress.IPv4Network,
    zones: int,
    naming: Naming,
    parent: pulumi.Resource,
) -> list[aws.ec2.Subnet]:
    """Make a subnet in each of the first `zones` zones. Raises ConfigError where the region has fewer.

    A subnet stays in its zone, whichever zones are the first ones later on; and since AWS refuses a second subnet of
    the same range, one that has to be replaced is deleted before.
    """
    subnets: list[aws.ec2.Subnet] = []
    for number, (zone, range_) in enumerate(
        zip(zone_names(zones, parent), subnet_cidrs(cidr, zones), strict=True), start=1
    ):
        subnet = aws.ec2.Subnet(
            f"{name}-subnet-{number}",
            vpc_id=vpc_id,
            cidr_block=range_,
            availability_zone=zone,
            map_public_ip_on_launch=False,
            tags=naming.tags(f"isolated-{number}"),
            opts=pulumi.ResourceOptions(
                parent=parent, delete_before_replace=True, ignore_changes=["availability_zone"]
            ),
        )
        aws.ec2.RouteTableAssociation(
            f"{name}-routes-{number}",
            subnet_id=subnet.id,
            route_table_id=route_table_id,
            opts=pulumi.ResourceOptions(parent=parent),
        )
        subnets.append(subnet)
    return subnets


def subnet_cidrs(network: ipaddress.IPv4Network, count: int) -> list[str]:
    """Return the ranges of the first `count` quarters of a network."""
    return [str(subnet) for subnet in list(network.subnets(SUBNET_BITS))[:count]]


def zone_names(count: int, parent: pulumi.Resource) -> list[str]:
    """Return the first `count` zones of the region of the parent's provider. Raises ConfigError if it has fewer."""
    zones = aws.get_availability_zones(
        state="available",
        exclude_zone_ids=list(NO_LAMBDA_ZONES),
        filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
        opts=pulumi.InvokeOptions(parent=parent),
    ).names
    if len(zones) < count:
        raise ConfigError("zones", count, f"at most the {len(zones)} that the region has")
    return sorted(zones)[:count]
