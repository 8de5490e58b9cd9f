"""Requests made from the API's own description, against the real thing: gateway, sandboxes, emulator."""

# schemathesis leaves parts of its types open.
# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUntypedFunctionDecorator=false
from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from console.local.background import BackgroundStack
from console.local.stack import LocalStack
from handlers.aws.dynamodb import make_client
from handlers.aws.table import create_table_arguments
from handlers.openapi.description import description
from handlers.routes import COMMAND, QUERY, gateway_routes
from tests.support.drafts import items

# positive_data_acceptance is left out: min_value > max_value, a cursor of another query and a time outside the years
# 1 to 9999 are rejected, and a schema cannot say so.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    allow_header_conformance,
]

SCHEMA = schemathesis.openapi.from_dict(description())
SCHEMA.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
SCHEMA.config.update(request_timeout=120)


def make_table(environ: Mapping[str, str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        client = make_client(environ["AWS_REGION"])
        client.create_table(**create_table_arguments(environ["TABLE_NAME"]))  # pyright: ignore[reportArgumentType] - plain data
        client.close()


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    stack = LocalStack(
        tmp_path_factory.mktemp("local"),
        functions={COMMAND: "handlers.command.handler", QUERY: "handlers.query.handler"},
        routes=gateway_routes(),
        default=QUERY,
        prepare=make_table,
        settings={"CHECK_INTERVAL_MS": "0"},
        sandboxes=1,
    )
    with BackgroundStack(stack) as running:
        httpx.post(f"{running.url}/insert", json={"items": items(20)}, timeout=None).raise_for_status()
        yield running.url


@pytest.fixture(scope="module")
def short_runs() -> list[Any]:
    """The benchmarks that were asked for."""
    return []


def is_meant_to_work(case: schemathesis.Case[Any]) -> bool:
    return case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
def test_the_api_is_as_described(case: schemathesis.Case[Any], url: str, short_runs: list[Any]) -> None:
    # A bookmark that is not there yet is waited for, then 503: right, tested elsewhere, and 2 s each here.
    case.headers.pop("Min-Bookmark", None)
    if re.fullmatch(r"\d+\.\d+", str(case.query.get("as_of", ""))):
        del case.query["as_of"]
    if case.method == "POST" and case.path == "/benchmarks" and is_meant_to_work(case):
        case.body = {**(case.body if isinstance(case.body, dict) else {}), "iterations": 1}
        if case.body in short_runs:  # each measures for half a second, and most differ in their iterations alone
            return
        short_runs.append(case.body)
    case.call_and_validate(base_url=url, checks=CHECKS)
