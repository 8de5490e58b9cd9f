"""A network for lambda-sqlite in a stack of its own: settings → component → outputs."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path

import pulumi

# The components are a folder of the project around this example, not an installed package.
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from infra.foundation.network import NetworkArgs, NetworkComponent
from infra.naming import Naming

config = pulumi.Config()
network = NetworkComponent(
    "network",
    NetworkArgs(
        naming=Naming(project=pulumi.get_project(), stack=pulumi.get_stack(), stage=config.require("stage")),
        cidr=ipaddress.IPv4Network(config.require("vpcCidr")),
        zones=config.require_int("zones"),
        tables=config.require_object("tables"),
    ),
)

# Named as the settings of lambda-sqlite that they are for.
settings: dict[str, pulumi.Input[str]] = {
    "vpcId": network.vpc_id,
    "functionGroupId": network.function_group_id,
    "fileSystemGroupId": network.file_system_group_id,
}
subnet_ids = list(network.subnet_ids.values())
for name, value in settings.items():
    pulumi.export(name, value)
pulumi.export("subnetIds", subnet_ids)

paths = settings | {f"subnetIds[{number}]": subnet_id for number, subnet_id in enumerate(subnet_ids)}
commands = [pulumi.Output.concat("pulumi config set --path '", path, "' ", value) for path, value in paths.items()]
pulumi.export("commands", pulumi.Output.all(*commands).apply("\n".join))
