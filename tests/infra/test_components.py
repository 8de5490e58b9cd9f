"""The components by themselves: any settings, any name, any parent."""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Any

import pulumi
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from handlers.routes import COMMAND, QUERY
from infra.compute.function import FunctionArgs, FunctionComponent
from infra.compute.identity import IdentityArgs, IdentityComponent
from infra.data.storage import StorageArgs, StorageComponent
from infra.edge.api import ApiArgs, ApiComponent
from infra.foundation.key import KeyArgs, KeyComponent
from infra.foundation.network import NetworkArgs, NetworkComponent
from infra.naming import Naming
from infra.settings import ApiSettings, FunctionSettings, NetworkSettings, StackSettings
from tests.infra import contract
from tests.infra.graph import ACCOUNT, REGION, Graph, graph_of

FUNCTION = FunctionSettings(memory_mb=512, timeout_s=10, concurrency=-1)
SETTINGS = StackSettings(
    project="lambda-sqlite",
    stack="test",
    stage="dev",
    region=REGION,
    protect=False,
    own_key=True,
    backup=True,
    log_days=14,
    network=NetworkSettings(
        cidr=ipaddress.IPv4Network("10.0.0.0/24"), zones=2, vpc_id="", subnet_ids=(), flow_logs=True
    ),
    functions={COMMAND: FUNCTION, QUERY: FUNCTION},
    tmp_mb=512,
    table_reads=-1,
    table_writes=-1,
    environment={"CHECK_INTERVAL_MS": "1000"},
    api=ApiSettings(
        write_auth="iam",
        read_auth="jwt",
        jwt_issuer="https://issuer.example.com",
        jwt_audience=("readers",),
        cors_origins=("https://example.com",),
        rate=10,
        burst=10,
        domain="api.example.com",
        certificate_arn="arn:aws:acm:us-east-1:123456789012:certificate/1",
    ),
)


def build(settings: StackSettings, prefix: str = "", opts: pulumi.ResourceOptions | None = None) -> None:
    """All components, under names that begin with the prefix."""
    naming = Naming(
        project="lambda-sqlite", stack=f"{prefix}test", stage="dev", partition="aws", region=REGION, account=ACCOUNT
    )
    common: dict[str, Any] = {"naming": naming, "settings": settings}
    key = KeyComponent(f"{prefix}key", KeyArgs(**common), opts).arn if settings.own_key else None
    common["key_arn"] = key
    network = NetworkComponent(f"{prefix}network", NetworkArgs(**common), opts)
    identities = {
        name: IdentityComponent(f"{prefix}{name}-identity", IdentityArgs(function=name, **common), opts)
        for name in (COMMAND, QUERY)
    }
    storage = StorageComponent(f"{prefix}storage", StorageArgs(network=network, identities=identities, **common), opts)
    functions = {
        name: FunctionComponent(
            f"{prefix}{name}",
            FunctionArgs(function=name, network=network, identity=identity, storage=storage, **common),
            opts,
        )
        for name, identity in identities.items()
    }
    ApiComponent(f"{prefix}api", ApiArgs(functions=functions, **common), opts)


def broken(seen: Graph) -> list[str]:
    """Broken rules, without the one that knows the key's name in the whole program."""
    rule = contract.with_a_key_of_its_own_everything_uses_it.__name__
    return [sentence for sentence in contract.violations(seen) if not sentence.startswith(rule)]


def test_two_of_each_live_side_by_side() -> None:
    def both() -> None:
        build(SETTINGS, "one-")
        build(SETTINGS, "two-")

    seen = graph_of(both)
    assert broken(seen) == []
    assert len(seen.nodes) == 2 * len(graph_of(lambda: build(SETTINGS)).nodes)
    names = [(node.type, node.inputs["name"]) for node in seen.nodes if node.is_custom and "name" in node.inputs]
    fixed = [
        pair for pair in names if pair[1] not in ("runtime", "key", "data", "no-interfaces", "live", "$default", "jwt")
    ]
    assert len(fixed) == len(set(fixed))


def test_components_live_inside_others() -> None:
    class Outer(pulumi.ComponentResource):
        """Holds all of them."""

        def __init__(self) -> None:
            super().__init__("test:index:Outer", "outer")
            build(SETTINGS, opts=pulumi.ResourceOptions(parent=self))
            self.register_outputs({})

    seen = graph_of(Outer)
    outer = seen.one("Outer")
    assert {node.parent for node in seen.nodes if not node.is_custom and node is not outer} == {outer.urn}
    assert broken(seen) == []


@st.composite
def any_settings(draw: st.DrawFn) -> StackSettings:
    """Any settings that the reader would let through."""
    functions = st.builds(
        FunctionSettings,
        memory_mb=st.integers(256, 10240),
        timeout_s=st.integers(10, 29),
        concurrency=st.integers(-1, 900),
    )
    prefix = draw(st.integers(16, 26))
    network = dataclasses.replace(
        SETTINGS.network,
        cidr=ipaddress.IPv4Network((draw(st.integers(0x0A000000, 0x0AFFFFFF)), prefix), strict=False),
        zones=draw(st.integers(2, 3)),
        flow_logs=draw(st.booleans()),
    )
    auth = draw(st.tuples(st.sampled_from(["iam", "jwt"]), st.sampled_from(["none", "iam", "jwt"])))
    return dataclasses.replace(
        SETTINGS,
        protect=draw(st.booleans()),
        own_key=draw(st.booleans()),
        backup=draw(st.booleans()),
        network=network,
        functions={COMMAND: draw(functions), QUERY: draw(functions)},
        tmp_mb=draw(st.integers(512, 10240)),
        table_reads=draw(st.integers(1, 10**6) | st.just(-1)),
        table_writes=draw(st.integers(1, 10**6) | st.just(-1)),
        api=dataclasses.replace(
            SETTINGS.api,
            write_auth=auth[0],
            read_auth=auth[1],
            cors_origins=draw(st.sampled_from([(), ("https://example.com",)])),
            domain=draw(st.sampled_from(["", "api.example.com"])),
        ),
    )


@hypothesis_settings(max_examples=8, deadline=None)
@given(any_settings())
def test_any_settings_keep_the_contract(settings: StackSettings) -> None:
    seen = graph_of(lambda: build(settings))
    assert broken(seen) == []
    assert len(seen.of("MountTarget")) == settings.network.zones
    assert len(seen.of("Route")) == len(seen.of("Permission"))


def test_tokens_are_those_that_the_state_of_every_stack_holds() -> None:
    types = {node.type for node in graph_of(lambda: build(SETTINGS)).nodes if not node.is_custom}
    parts = ("Network", "Storage", "Function", "Api", "Identity", "Key")
    assert types == {f"lambdasqlite:index:{part}Component" for part in parts}
