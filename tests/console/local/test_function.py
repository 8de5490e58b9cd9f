from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from console.local.function import MAX_PAYLOAD_BYTES, Function, FunctionFailed, FunctionTimedOut, PayloadTooLarge
from tests.support.local.processes import PATIENCE_S, Children, gone, read_when_there

Answer = dict[str, Any]


@contextlib.asynccontextmanager
async def function(folder: Path, *, sandboxes: int = 4, timeout_s: float = PATIENCE_S) -> AsyncGenerator[Function]:
    environ = {"AWS_REGION": "eu-central-1", "GREETING": "hello"}
    handler = "tests.support.local.toys.handler"
    pool = Function("toy", handler, environ, folder, sandboxes=sandboxes, timeout_s=timeout_s)
    try:
        yield pool
    finally:
        await pool.close()


async def ask(pool: Function, do: str, **more: object) -> Answer:
    return cast("Answer", await pool.invoke({"do": do, **more}))


async def until(condition: Callable[[], object]) -> None:
    while not condition():
        await asyncio.sleep(0.01)


async def hanging(pool: Function, folder: Path) -> tuple[asyncio.Task[Answer], int]:
    """A request that hangs in its sandbox, and the sandbox's process id."""
    tell = folder.parent / "pid"
    request = asyncio.create_task(ask(pool, "hang", tell=str(tell)))
    return request, int(await asyncio.to_thread(read_when_there, tell))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tmp").mkdir()
    return tmp_path / "tmp"


def test_a_sandbox_is_kept_for_the_next_request(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            first, second = await ask(pool, "who"), await ask(pool, "who")
        assert first["pid"] == second["pid"]
        assert (first["calls"], second["calls"]) == (1, 2)

    asyncio.run(scenario())


def test_the_handler_sees_the_functions_environment(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            environ = await ask(pool, "environ")
        assert environ["GREETING"] == "hello"
        assert environ["TMPDIR"] == environ["TMP_DIR"]
        assert Path(environ["TMP_DIR"]).parent == folder

    asyncio.run(scenario())


def test_the_handler_knows_how_much_time_it_has(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder, timeout_s=200) as pool:
            context = await ask(pool, "context")
        assert 0 < context["remaining_ms"] <= 200_000
        assert (context["function_name"], context["log_group_name"]) == ("toy", "/aws/lambda/toy")

    asyncio.run(scenario())


def test_eight_requests_share_two_sandboxes_and_never_meet_in_one(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder, sandboxes=2) as pool:
            intervals = await asyncio.gather(*(ask(pool, "interval") for _ in range(8)))
        by_pid: dict[int, list[Answer]] = {}
        for interval in sorted(intervals, key=lambda interval: interval["start"]):
            by_pid.setdefault(interval["pid"], []).append(interval)
        assert len(by_pid) == 2
        for turns in by_pid.values():
            assert all(before["end"] <= after["start"] for before, after in itertools.pairwise(turns))

    asyncio.run(scenario())


def test_every_sandbox_has_its_own_tmp_dir_which_goes_with_it(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            answers = await asyncio.gather(*(ask(pool, "who") for _ in range(3)))
            assert len({answer["tmp_dir"] for answer in answers}) == len(list(folder.iterdir())) == 3
            assert [answer["left_behind"] for answer in answers] == [[], [], []]
            assert (await ask(pool, "who"))["left_behind"] == ["call-1"]
        assert list(folder.iterdir()) == []

    asyncio.run(scenario())


def test_the_sandbox_used_last_is_taken_first(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            for last in ("one", "two"):
                held = asyncio.create_task(ask(pool, "hold", until=str(folder.parent / last)))
                await asyncio.sleep(0)
                other = await ask(pool, "who")
                (folder.parent / last).touch()
                pid = (await held)["pid"]
                assert pid != other["pid"]
                assert (await ask(pool, "who"))["pid"] == pid

    asyncio.run(scenario())


def test_a_failing_handler_keeps_its_sandbox(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            first = await ask(pool, "who")
            with pytest.raises(FunctionFailed, match=r"^ValueError: secret: wrong$"):
                await ask(pool, "fail")
            assert (await ask(pool, "who"))["pid"] == first["pid"]

    asyncio.run(scenario())


def test_a_sandbox_that_dies_fails_its_own_request_only(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder, sandboxes=1) as pool:
            with pytest.raises(FunctionFailed, match=r"ended before it answered"):
                await ask(pool, "die")
            assert (await ask(pool, "who"))["calls"] == 1

    asyncio.run(scenario())


def test_a_sandbox_killed_while_it_works_fails_its_own_request_only(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder, sandboxes=1) as pool:
            request, pid = await hanging(pool, folder)
            waiting = asyncio.create_task(ask(pool, "who"))
            os.kill(pid, signal.SIGKILL)
            with pytest.raises(FunctionFailed, match=r"ended before it answered"):
                await request
            assert (await waiting)["calls"] == 1

    asyncio.run(scenario())


def test_a_sandbox_that_died_while_idle_is_replaced_unnoticed(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            first = await ask(pool, "who")
            os.kill(first["pid"], signal.SIGKILL)
            await until(lambda: gone(first["pid"]))
            assert (await ask(pool, "who"))["calls"] == 1
            assert len(list(folder.iterdir())) == 1

    asyncio.run(scenario())


def test_a_request_out_of_time_loses_its_sandbox(folder: Path, own_children: Children) -> None:
    async def scenario() -> None:
        async with function(folder, timeout_s=0.001) as pool:
            with pytest.raises(FunctionTimedOut, match=r"^Task timed out after 0.00 seconds$"):
                await ask(pool, "hang")
            assert own_children() == set()

    asyncio.run(scenario())


def test_a_request_given_up_loses_its_sandbox(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            request, pid = await hanging(pool, folder)
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
            assert gone(pid)

    asyncio.run(scenario())


def test_after_recycle_everything_is_a_cold_start(folder: Path, own_children: Children) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            busy = asyncio.create_task(ask(pool, "hold", until=str(folder.parent / "go")))
            await asyncio.sleep(0)
            idle = await ask(pool, "who")
            await pool.recycle()
            assert gone(idle["pid"])
            (folder.parent / "go").touch()
            before = {(await busy)["pid"], idle["pid"]}
            assert own_children() == set()
            after = await ask(pool, "who")
            assert after["calls"] == 1
            assert after["pid"] not in before

    asyncio.run(scenario())


@pytest.mark.parametrize("sandboxes", [1, 2])
def test_close_fails_what_runs_and_what_waits(folder: Path, sandboxes: int) -> None:
    async def scenario() -> None:
        async with function(folder, sandboxes=sandboxes) as pool:
            running = [await hanging(pool, folder)]
            waiting = [asyncio.create_task(ask(pool, "hang")) for _ in range(3)]
            await asyncio.sleep(0)
            await pool.close()
            for request in [request for request, _ in running] + waiting:
                with pytest.raises(FunctionFailed):
                    await request
            with pytest.raises(FunctionFailed, match=r"closed"):
                await ask(pool, "who")

    asyncio.run(scenario())


def test_a_sandbox_that_ignores_sigterm_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        monkeypatch.setattr("console.local.process.GRACE_S", 0.05)
        async with function(folder) as pool:
            stubborn = await ask(pool, "stubborn")
            await pool.recycle()
            assert gone(stubborn["pid"])

    asyncio.run(scenario())


def test_payloads_over_lambdas_limit_are_refused(folder: Path) -> None:
    async def scenario() -> None:
        async with function(folder) as pool:
            frame = len('{"do": "echo", "value": ""}')
            whole: object = await pool.invoke({"do": "echo", "value": "x" * (MAX_PAYLOAD_BYTES - frame)})
            assert isinstance(whole, str)
            with pytest.raises(PayloadTooLarge):
                await pool.invoke({"do": "echo", "value": "x" * (MAX_PAYLOAD_BYTES - frame + 1)})
            with pytest.raises(FunctionFailed, match=r"^Function.ResponseSizeTooLarge$"):
                await pool.invoke({"do": "large"})

    asyncio.run(scenario())
