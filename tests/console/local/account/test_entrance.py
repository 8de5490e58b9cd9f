from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import httpx
import pytest

from console.local.account.entrance import Entrance
from console.local.function import FunctionFailed


async def double(event: Mapping[str, object]) -> object:
    if "fail" in event:
        raise FunctionFailed("KeyError: 'number'")
    return {"doubled": 2 * int(str(event["number"]))}


def posted(path: str, event: object) -> httpx.Response:
    async def post() -> httpx.Response:
        transport = httpx.ASGITransport(app=cast("Any", Entrance({"double": double})))
        async with httpx.AsyncClient(transport=transport, base_url="http://entrance") as client:
            return await client.post(path, json=event)

    return asyncio.run(post())


@pytest.mark.parametrize(
    ("path", "event", "status", "text"),
    [
        pytest.param("/double", {"number": 4}, 200, '{"doubled": 8}', id="an event"),
        pytest.param("/double", {"fail": True}, 500, "KeyError: 'number'", id="one that fails"),
        pytest.param("/triple", {}, 404, "there is no such function", id="of another function"),
    ],
)
def test_a_function_gets_the_event_and_its_caller_the_answer(path: str, event: object, status: int, text: str) -> None:
    answer = posted(path, event)
    assert (answer.status_code, answer.text) == (status, text)


def test_a_caller_who_has_gone_gets_no_answer() -> None:
    async def gone() -> dict[str, object]:
        return {"type": "http.disconnect"}

    async def send(_: dict[str, object]) -> None:
        raise AssertionError

    asyncio.run(Entrance({})({"type": "http", "path": "/double"}, gone, send))
