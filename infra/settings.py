"""What the stack is configured with: the only place that configuration is read in.

Defaults stand in Pulumi.yaml alone. A value that cannot be used stops the program with one sentence that names the
key, what was got and what is allowed; every rule that needs no cloud is checked here, before anything is registered.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from handlers.routes import COMMAND, QUERY
from infra.typed_config import ConfigError, TypedConfig

STAGES = ("dev", "prod", "local")
NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")
UNRESERVED = -1
NO_LIMIT = -1
PRIVATE = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
LARGEST_VPC, SMALLEST_VPC = 16, 26  # prefix lengths; a quarter of a /26 is the smallest subnet that AWS makes
# Append (8 s), build (16) and copy have to fit in, and a read on the ledger (8); the gateway gives up after 30.
TIMEOUT_S = {"command": (26, 29), "query": (10, 29)}
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Either a network of our own (`cidr`, `zones`) or an existing one (`vpc_id`, `subnet_ids`)."""

    cidr: ipaddress.IPv4Network
    zones: int
    vpc_id: str
    subnet_ids: Sequence[str]
    flow_logs: bool


@dataclass(frozen=True, kw_only=True)
class FunctionSettings:
    """How one function runs."""

    memory_mb: int
    timeout_s: int
    concurrency: int


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """Who may call the API, from where and how often."""

    write_auth: str
    read_auth: str
    jwt_issuer: str
    jwt_audience: Sequence[str]
    cors_origins: Sequence[str]
    rate: int
    burst: int
    domain: str
    certificate_arn: str


@dataclass(frozen=True, kw_only=True)
class StackSettings:
    """Everything that differs between stacks."""

    project: str
    stack: str
    stage: str
    region: str
    protect: bool
    own_key: bool
    backup: bool
    log_days: int
    network: NetworkSettings
    functions: Mapping[str, FunctionSettings]
    tmp_mb: int
    table_reads: int
    table_writes: int
    environment: Mapping[str, str]
    api: ApiSettings


def read_settings() -> StackSettings:
    """The stack's settings. Raises ConfigError for the first value that cannot be used."""
    reader = TypedConfig(pulumi.get_project())
    stack = pulumi.get_stack()
    if not NAME.fullmatch(stack):
        raise ConfigError("the stack's name", stack, "1 to 24 of a-z, 0-9 and -, beginning with a letter")
    region = TypedConfig("aws").text("region", "an AWS region such as us-east-1", {*aws.Region}.__contains__)
    return StackSettings(
        project=pulumi.get_project(),
        stack=stack,
        stage=reader.choice("stage", *STAGES),
        region=region,
        protect=reader.flag("protect"),
        own_key=reader.choice("kms", "aws", "cmk") == "cmk",
        backup=reader.flag("backup"),
        log_days=_log_days(reader),
        network=_network(reader),
        functions={function: _function(reader, function) for function in (COMMAND, QUERY)},
        tmp_mb=reader.integer("tmpMb", 512, 10240),
        table_reads=reader.integer("tableMaxReads", 1, 10**9, NO_LIMIT),
        table_writes=reader.integer("tableMaxWrites", 1, 10**9, NO_LIMIT),
        environment=_environment(reader),
        api=_api(reader, region),
    )


def _log_days(reader: TypedConfig) -> int:
    days = reader.integer("logRetentionDays", RETENTION_DAYS[0], RETENTION_DAYS[-1])
    if days not in RETENTION_DAYS:
        raise reader.fail("logRetentionDays", days, "one of " + ", ".join(map(str, RETENTION_DAYS)))
    return days


def _network(reader: TypedConfig) -> NetworkSettings:
    vpc_id = reader.matching("vpcId", r"vpc-[0-9a-f]{8,17}", "the id of a VPC such as vpc-0a1b2c3d4e5f60718")
    subnet_ids = reader.texts("subnetIds", r"subnet-[0-9a-f]{8,17}", "subnet ids")
    if len(subnet_ids) not in ((2, 3) if vpc_id else (0,)):
        allowed = "2 or 3 subnets of vpcId, each in a zone of its own; none without vpcId"
        raise reader.fail("subnetIds", list(subnet_ids), allowed)
    return NetworkSettings(
        cidr=_cidr(reader),
        zones=reader.integer("zones", 2, 3),
        vpc_id=vpc_id,
        subnet_ids=subnet_ids,
        flow_logs=reader.flag("flowLogs"),
    )


def _cidr(reader: TypedConfig) -> ipaddress.IPv4Network:
    allowed = f"a private range such as 10.42.0.0/24, from /{LARGEST_VPC} to /{SMALLEST_VPC}"
    text = reader.text("vpcCidr", allowed, bool)
    try:
        network = ipaddress.IPv4Network(text)
    except ValueError:
        raise reader.fail("vpcCidr", text, allowed) from None
    if not LARGEST_VPC <= network.prefixlen <= SMALLEST_VPC or not any(network.subnet_of(range_) for range_ in PRIVATE):
        raise reader.fail("vpcCidr", text, allowed)
    for other in reader.texts("reservedCidrs", r"[0-9.]+/[0-9]+", "ranges that vpcCidr has to stay clear of"):
        if network.overlaps(_other_network(reader, other)):
            raise reader.fail("vpcCidr", text, f"a range that does not overlap {other} of reservedCidrs")
    return network


def _other_network(reader: TypedConfig, text: str) -> ipaddress.IPv4Network:
    try:
        return ipaddress.IPv4Network(text)
    except ValueError:
        raise reader.fail("reservedCidrs", text, "ranges such as 10.0.0.0/16") from None


def _function(reader: TypedConfig, function: str) -> FunctionSettings:
    return FunctionSettings(
        memory_mb=reader.integer(f"{function}MemoryMb", 256, 10240),
        timeout_s=reader.integer(f"{function}TimeoutS", *TIMEOUT_S[function]),
        concurrency=reader.integer(f"{function}Concurrency", 0, 10**6, UNRESERVED),
    )


def _environment(reader: TypedConfig) -> dict[str, str]:
    """The functions' own settings; they check the values again."""
    return {
        "CHECK_INTERVAL_MS": str(reader.integer("checkIntervalMs", 0, 3_600_000)),
        "RETAIN_SNAPSHOTS": str(reader.integer("retainSnapshots", 1, 200)),
        "VERIFY_MAX_BYTES": str(reader.integer("verifyMaxBytes", 0, 2**40)),
    }


def _api(reader: TypedConfig, region: str) -> ApiSettings:
    host = r"[a-z0-9.-]+\.[a-z]{2,}"
    api = ApiSettings(
        write_auth=reader.choice("writeAuth", "iam", "jwt"),
        read_auth=reader.choice("readAuth", "none", "iam", "jwt"),
        jwt_issuer=reader.matching("jwtIssuer", r"https://\S+", "the issuer's URL, https://..."),
        jwt_audience=reader.texts("jwtAudience", r"\S+", "audiences"),
        cors_origins=reader.texts(
            "corsOrigins", r"https://[\w.-]+(:\d+)?|http://localhost(:\d+)?", "origins such as https://example.com"
        ),
        rate=reader.integer("throttleRate", 1, 10000),
        burst=reader.integer("throttleBurst", 1, 5000),
        domain=reader.matching("domain", host, "a host name such as api.example.com"),
        certificate_arn=reader.matching(
            "certificateArn", rf"arn:aws[\w-]*:acm:{region}:\S+", f"the ARN of a certificate in {region}"
        ),
    )
    if "jwt" in (api.write_auth, api.read_auth) and not api.jwt_issuer:
        raise reader.fail("jwtIssuer", "", "the issuer's URL, needed by writeAuth or readAuth jwt")
    if "jwt" in (api.write_auth, api.read_auth) and not api.jwt_audience:
        raise reader.fail("jwtAudience", [], "at least one audience, needed by writeAuth or readAuth jwt")
    if bool(api.domain) != bool(api.certificate_arn):
        raise reader.fail("certificateArn", api.certificate_arn, "a certificate for domain; neither without the other")
    return api
