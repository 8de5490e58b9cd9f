from __future__ import annotations

import asyncio
import contextlib

import pytest

from console.local.function import FunctionFailed
from console.local.schedule import every

EVENT: dict[str, object] = {"task": "maintain"}


def test_a_function_is_called_at_once_and_then_each_period_be_it_that_it_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: list[dict[str, object]] = []

    async def invoke(event: dict[str, object]) -> object:
        calls.append(event)
        if len(calls) == 1:
            raise FunctionFailed("VerificationError: it diverged")
        if len(calls) == 3:
            raise asyncio.CancelledError
        return None

    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(every(0.0, invoke, EVENT))
    assert calls == [EVENT] * 3
    assert "failed: VerificationError: it diverged" in caplog.text


def test_a_period_has_to_pass_between_two_calls() -> None:
    calls: list[dict[str, object]] = []

    async def invoke(event: dict[str, object]) -> object:
        calls.append(event)
        return None

    async def main() -> None:
        task = asyncio.create_task(every(1e9, invoke, EVENT))
        while not calls:
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(main())
    assert calls == [EVENT]
