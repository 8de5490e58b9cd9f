"""Commands of the AWS CLI as the documents print them, run through the SDK: the same names, spelled otherwise."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore import xform_name
from botocore.session import Session

OUTPUT = re.compile(r"\$\(pulumi stack output (\w+)\)")


def commands(block: str, outputs: Mapping[str, str]) -> Iterator[list[str]]:
    """The words of each command of `aws` in a block of code, with the stack's outputs in place."""
    for line in block.splitlines():
        words = shlex.split(OUTPUT.sub(lambda found: outputs[found[1]], line))
        if words[:1] == ["aws"]:
            yield words[1:]


def run(words: list[str], client: Callable[[str], Any]) -> dict[str, Any]:
    """Run one command; the service is the first word, the operation the second."""
    service, operation, *options = words
    sdk = client(service)
    method = operation.replace("-", "_")
    shape = sdk.meta.service_model.operation_model(sdk.meta.method_to_api_mapping[method]).input_shape
    return getattr(sdk, method)(**dict(_parameters(options, shape.members)))


GLOBAL = {"--region", "--query", "--output", "--cli-read-timeout", "--cli-binary-format"}  # of the AWS CLI itself
CALL = re.compile(r"\baws ([a-z0-9]+) ([a-z-]+)((?: (?:--[a-z-]+|'[^']*'|\"[^\"]*\"|[^\s|)'\"]+))*)")


def check_options(text: str) -> int:
    """Check that each call of `aws` in a text has operation and options that exist. Returns how many there are."""
    session = Session()
    calls = CALL.findall(text)
    for service, operation, rest in calls:
        model = session.get_service_model(service)
        by_name = {xform_name(name, "-"): name for name in model.operation_names}
        shape = model.operation_model(by_name[operation]).input_shape
        named = set(re.findall(r" (--[a-z-]+)", rest))
        known = {f"--{xform_name(name, '-')}" for name in (shape.members if shape else ())}
        assert named - known - GLOBAL == set(), (operation, named - known)
    return len(calls)


def _parameters(options: list[str], members: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    names = {f"--{xform_name(name, '-')}": name for name in members}
    words = iter(options)
    for word in words:
        if word in GLOBAL:
            next(words)
        elif not word.startswith("--"):
            continue  # the file that the answer goes to
        elif word.startswith("--no-"):
            yield names[word.replace("--no-", "--")], False
        elif members[names[word]].type_name == "boolean":
            yield names[word], True
        else:
            yield names[word], _value(next(words), members[names[word]])


def _value(text: str, shape: Any) -> Any:
    """The value of an option; a structure is written as Name=value,Name=value."""
    if shape.type_name == "structure":
        pairs = (pair.split("=") for pair in text.split(","))
        return {name: _value(value, shape.members[name]) for name, value in pairs}
    return {"integer": int, "double": float}.get(shape.type_name, str)(text)
