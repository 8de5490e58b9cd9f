from __future__ import annotations

import pytest

from handlers.projector import make_handler
from handlers.routes import COMMAND, PROJECTOR, QUERY, ROUTES, SOURCES
from infra.rollout.calls import calls_of
from tests.support.api import Answer, Api, Context

TESTS = calls_of()
GATEWAY_CALLS = [(name, str(call["routeKey"]), call) for name in (COMMAND, QUERY) for call in TESTS[name]]


@pytest.mark.parametrize("has_rows", [False, True], ids=["empty", "with rows"])
@pytest.mark.parametrize(
    ("function", "call"), [(n, c) for n, _, c in GATEWAY_CALLS], ids=[k for _, k, _ in GATEWAY_CALLS]
)
def test_a_function_answers_its_test_and_says_nothing_of_any_row(
    api: Api, function: str, call: dict[str, object], has_rows: bool
) -> None:
    if has_rows:
        api.post("/insert", {"count": 3})
    answered = api.function(call)
    answer = Answer(answered(call, None))
    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize("has_rows", [False, True], ids=["empty", "with rows"])
def test_the_projector_does_its_test(environ: dict[str, str], api: Api, has_rows: bool) -> None:
    if has_rows:
        api.post("/insert", {"count": 3})
    (call,) = TESTS[PROJECTOR]
    assert make_handler(environ)(call, Context())["is_right"] is True


def test_every_path_is_read_and_nothing_is_written() -> None:
    asked = {key for _, key, _ in GATEWAY_CALLS}
    assert asked >= {f"HEAD /{source}{more}" for source in SOURCES for more in ("", "/stats")}
    there = {(path, function) for _, path, function, _ in ROUTES}
    assert {(key.removeprefix("HEAD "), function) for function, key, _ in GATEWAY_CALLS} <= there
