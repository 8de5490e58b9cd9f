"""The stack: settings, components, outputs."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from handlers.routes import COMMAND, QUERY, SOURCES
from infra.compute.function import FunctionArgs, FunctionComponent, check_concurrency
from infra.compute.identity import IdentityArgs, IdentityComponent
from infra.data.storage import StorageArgs, StorageComponent
from infra.edge.api import ApiArgs, ApiComponent
from infra.foundation.key import KeyArgs, KeyComponent
from infra.foundation.network import NetworkArgs, NetworkComponent
from infra.naming import Naming
from infra.settings import read_settings

settings = read_settings()
check_concurrency(settings)
naming = Naming(
    project=settings.project,
    stack=settings.stack,
    stage=settings.stage,
    partition=aws.get_partition().partition,
    region=settings.region,
    account=aws.get_caller_identity().account_id,
)
key_arn = KeyComponent("key", KeyArgs(naming=naming, settings=settings)).arn if settings.own_key else None
network = NetworkComponent("network", NetworkArgs(naming=naming, settings=settings, key_arn=key_arn))
identities = {
    function: IdentityComponent(
        f"{function}-identity", IdentityArgs(naming=naming, settings=settings, function=function, key_arn=key_arn)
    )
    for function in (COMMAND, QUERY)
}
storage = StorageComponent(
    "storage",
    StorageArgs(naming=naming, settings=settings, network=network, identities=identities, key_arn=key_arn),
)
functions = {
    function: FunctionComponent(
        function,
        FunctionArgs(
            naming=naming,
            settings=settings,
            function=function,
            network=network,
            identity=identity,
            storage=storage,
            key_arn=key_arn,
        ),
    )
    for function, identity in identities.items()
}
api = ApiComponent("api", ApiArgs(naming=naming, settings=settings, functions=functions, key_arn=key_arn))

pulumi.export("api_url", api.url)
pulumi.export(
    "endpoints",
    {path.replace("-", "_"): pulumi.Output.concat(api.url, "/", path) for path in ("insert", *SOURCES)},
)
pulumi.export("table_name", storage.table_name)
pulumi.export("file_system_id", storage.file_system_id)
pulumi.export("command_function", functions[COMMAND].function_name)
pulumi.export("query_function", functions[QUERY].function_name)
if api.domain_target is not None:
    pulumi.export("domain_target", api.domain_target)
if settings.protect:  # `pulumi destroy` refuses, and shows the outputs
    pulumi.export("to_destroy", "pulumi config set protect false && pulumi up && pulumi destroy")
