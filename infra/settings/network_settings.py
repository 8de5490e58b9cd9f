"""The settings of the network: one of our own, or one that is there already."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from infra.typed_config import TypedConfig

PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
LARGEST_VPC, SMALLEST_VPC = 16, 26  # prefix lengths; a quarter of a /26 is the smallest subnet that AWS makes
GROUP_ID = r"sg-[0-9a-f]{8,17}"


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Either a network of our own (`cidr`, `zones`, `flow_logs`) or an existing one (`vpc_id` and the other ids)."""

    cidr: ipaddress.IPv4Network
    zones: int
    flow_logs: bool
    vpc_id: str
    subnet_ids: Sequence[str]
    function_group_id: str
    file_system_group_id: str


def read_network(config: TypedConfig) -> NetworkSettings:
    """Return the network's settings. Raises ConfigError for the first that cannot be used."""
    network = NetworkSettings(
        cidr=_cidr(config),
        zones=config.integer("zones", 2, 3),
        flow_logs=config.flag("flowLogs"),
        vpc_id=config.matching("vpcId", r"vpc-[0-9a-f]{8,17}", "the id of a VPC such as vpc-0a1b2c3d4e5f60718"),
        subnet_ids=config.texts("subnetIds", r"subnet-[0-9a-f]{8,17}", "subnet ids"),
        function_group_id=config.matching("functionGroupId", GROUP_ID, "a security group of vpcId"),
        file_system_group_id=config.matching("fileSystemGroupId", GROUP_ID, "a security group of vpcId"),
    )
    _check_existing(config, network)
    return network


def _check_existing(config: TypedConfig, network: NetworkSettings) -> None:
    if len(network.subnet_ids) not in ((2, 3) if network.vpc_id else (0,)):
        allowed = "2 or 3 subnets of vpcId, each in a zone of its own; none without vpcId"
        raise config.fail("subnetIds", list(network.subnet_ids), allowed)
    if network.function_group_id and not network.vpc_id:
        raise config.fail("functionGroupId", network.function_group_id, "a security group of vpcId; none without vpcId")
    if bool(network.function_group_id) != bool(network.file_system_group_id):
        allowed = "a group of the file system's own beside functionGroupId; neither without the other"
        raise config.fail("fileSystemGroupId", network.file_system_group_id, allowed)


def _cidr(config: TypedConfig) -> ipaddress.IPv4Network:
    allowed = f"a private range such as 10.42.0.0/24, from /{LARGEST_VPC} to /{SMALLEST_VPC}"
    text = config.text("vpcCidr", allowed, bool)
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise config.fail("vpcCidr", text, allowed) from None
    if not LARGEST_VPC <= network.prefixlen <= SMALLEST_VPC or not any(network.subnet_of(range_) for range_ in PRIVATE):
        raise config.fail("vpcCidr", text, allowed)
    for other in config.texts("reservedCidrs", r"[0-9.]+/[0-9]+", "ranges that vpcCidr has to stay clear of"):
        if network.overlaps(_other_network(config, other)):
            raise config.fail("vpcCidr", text, f"a range that does not overlap {other} of reservedCidrs")
    return network


def _other_network(config: TypedConfig, text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise config.fail("reservedCidrs", text, "ranges such as 10.0.0.0/16") from None
