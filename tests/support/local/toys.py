"""Toy handlers: what a sandbox runs in these tests. An event says in "do" what shall happen."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from console.local.sandbox import Context

Event = dict[str, Any]

calls = 0


def who(_: Event, __: Context) -> Event:
    """Which sandbox this is, and how many requests it has seen."""
    tmp_dir = pathlib.Path(os.environ["TMP_DIR"])
    left_behind = sorted(path.name for path in tmp_dir.iterdir())
    (tmp_dir / f"call-{calls}").touch()
    return {"pid": os.getpid(), "calls": calls, "tmp_dir": str(tmp_dir), "left_behind": left_behind}


def interval(_: Event, __: Context) -> Event:
    """When this request was worked on, long enough for others to run into it."""
    start = time.monotonic()
    time.sleep(0.03)
    return {"pid": os.getpid(), "start": start, "end": time.monotonic()}


def context(_: Event, given: Context) -> Event:
    remaining_ms = given.get_remaining_time_in_millis()
    return {name: value for name, value in vars(given).items() if name[0] != "_"} | {"remaining_ms": remaining_ms}


def environ(_: Event, __: Context) -> Event:
    return dict(os.environ)


def echo(event: Event, _: Context) -> object:
    return event.get("value", event)


def fail(_: Event, __: Context) -> Event:
    raise ValueError("secret: wrong")


def unserialisable(_: Event, __: Context) -> object:
    return object()


def large(_: Event, __: Context) -> str:
    return "x" * 6_500_000


def die(_: Event, __: Context) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hang(event: Event, _: Context) -> None:
    """Say in the file "tell", if there is one, which process hangs, and do so."""
    if "tell" in event:
        pathlib.Path(event["tell"]).write_text(str(os.getpid()))
    time.sleep(60)


def hold(event: Event, _: Context) -> Event:
    """Work until there is a file "until"."""
    while not pathlib.Path(event["until"]).exists():
        time.sleep(0.005)
    return {"pid": os.getpid()}


def stubborn(_: Event, __: Context) -> Event:
    """From now on this process can only be killed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return {"pid": os.getpid()}


def chatter(_: Event, __: Context) -> str:
    print("a line from the handler")
    return sys.stdin.read()


DO: dict[str, Callable[[Event, Context], object]] = {
    function.__name__: function
    for function in (
        who,
        interval,
        context,
        environ,
        echo,
        fail,
        unserialisable,
        large,
        die,
        hang,
        hold,
        stubborn,
        chatter,
    )
}


def handler(event: Event, given: Context) -> object:
    """Do what the event says; a health check is always answered."""
    global calls  # noqa: PLW0603 - a sandbox's memory is what is tested
    calls += 1
    return DO[event["do"]](event, given)


def web(event: Event, given: Context) -> object:
    """The same behind a gateway: the path says what to do, the query goes along."""
    do = event["rawPath"].rpartition("/")[2]
    if do == "health":
        return {"statusCode": 200}
    return handler({"do": do, **event.get("queryStringParameters", {})}, given)


def sick(_: Event, __: Context) -> Event:
    return {"statusCode": 503}
