"""The result's `environment`: what was measured and from where."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import cast

import httpx

from console.client.client import Client, read_members
from console.client.failures import unexpected
from console.client.health import ask_health
from console.client.signing import LOOPBACK
from console.results.result import ClientMachine, Environment, FunctionBuild
from handlers.telemetry.runtime import VERSION

NOT_AWS = (
    "These are not AWS's numbers: here snapshots lie on a local disk, not on EFS, there is no network, and an "
    "emulator's latency is not DynamoDB's. For AWS's, deploy the stack, load it with `seed`, measure it with `bench`."
)


def environment(client: Client) -> Environment:
    """Ask the query function for its build, and look around here. Raises ConsoleError."""
    response = ask_health(client)
    build = read_members(response).get("build")
    if not isinstance(build, dict):
        raise unexpected(response, "no build")
    function = read_function(cast("dict[str, object]", build))
    if is_local(client.url):  # what it says there is what its emulators need: no region, and no memory is set aside
        function = replace(function, region=None, memory_mb=None)
    return Environment(client.url, is_local(client.url), function, this_machine())


def is_local(url: str) -> bool:
    """Tell whether an API is on this machine."""
    return httpx.URL(url).host in LOOPBACK


def read_function(build: Mapping[str, object]) -> FunctionBuild:
    """Read what a function says of itself; None for what it does not say, or not in the type that it has here."""
    texts = {
        name: _text(build.get(name)) for name in (field.name for field in fields(FunctionBuild)) if name != "memory_mb"
    }
    memory_mb = build.get("memory_mb")
    return FunctionBuild(**texts, memory_mb=memory_mb if isinstance(memory_mb, int) else None)


def this_machine() -> ClientMachine:
    """Describe where the requests come from."""
    system = f"{platform.system()} {platform.release()}"
    return ClientMachine(platform.python_version(), system, platform.machine(), os.cpu_count() or 0, VERSION)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
