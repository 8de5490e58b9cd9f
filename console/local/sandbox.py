"""The process in which one function runs, as in Lambda: `python -m console.local.sandbox handlers.query.handler`.

It loads the handler, then answers one request after another until its standard input ends. That input is a
socket which carries the requests in and the answers out, each as its length (4 bytes) and that many bytes of
JSON; standard output stays free for what the handler prints.

Request: {"event", "request_id", "deadline_ms"}. Answer: {"result"} or {"error": {"errorType", "errorMessage",
"stackTrace"}}. A handler that cannot be loaded ends the process, with the traceback on standard error.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import queue
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, TypedDict

from console.local.process import end_this_process

LENGTH = struct.Struct(">I")
_logger = logging.getLogger(__name__)


class Invocation(TypedDict):
    """One call of the handler."""

    event: dict[str, object]
    request_id: str
    deadline_ms: int


class Context:
    """The second argument of a handler, with the names that Lambda's own context has."""

    def __init__(self, request: Invocation, environ: Mapping[str, str]) -> None:
        self.aws_request_id = request["request_id"]
        self.function_name = environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
        self.log_group_name = environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        region = environ["AWS_REGION"]
        self.invoked_function_arn = f"arn:aws:lambda:{region}:000000000000:function:{self.function_name}"
        self._deadline_ms = request["deadline_ms"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until this request is cut off, never less than 0."""
        return max(0, self._deadline_ms - time.time_ns() // 1_000_000)


Handler = Callable[[dict[str, object], Context], object]


def main() -> None:
    """Answer requests until the parent closes its end."""
    channel = _take_stdin().makefile("rwb")
    requests: queue.SimpleQueue[Invocation] = queue.SimpleQueue()
    # A thread of its own, so that the end of the input is noticed even while a handler hangs.
    threading.Thread(target=_receive, args=(channel, requests), daemon=True).start()
    handler = _load(sys.argv[1])
    while True:
        answer = _answer(handler, requests.get())
        channel.write(LENGTH.pack(len(answer)) + answer)
        channel.flush()


def _take_stdin() -> socket.socket:
    """The socket that came as standard input; what the handler reads from there is empty from now on."""
    channel = socket.socket(fileno=os.dup(0))
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    return channel


def _receive(channel: BinaryIO, requests: queue.SimpleQueue[Invocation]) -> None:
    while length := channel.read(LENGTH.size):
        requests.put(json.loads(channel.read(LENGTH.unpack(length)[0])))
    end_this_process()


def _load(name: str) -> Handler:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _answer(handler: Handler, request: Invocation) -> bytes:
    try:
        result = handler(request["event"], Context(request, os.environ))
        return json.dumps({"result": result}).encode()
    except Exception as error:
        _logger.exception("%s failed", request["request_id"])
        return json.dumps({"error": _description(error)}).encode()


def _description(error: Exception) -> dict[str, Any]:
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


if __name__ == "__main__":
    main()
