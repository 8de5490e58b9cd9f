"""The way by which the emulator's services call the functions of the local stack: its Lambda knows them by an address.

So its queues and its state machines meet the functions of the working tree, in the sandboxes that also answer requests.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from console.local.function import FunctionFailed
from console.local.gateway import Invoke, Receive, Send, body_of, live

Message = dict[str, Any]


class Entrance:
    """The ASGI app: what is posted to `/<function>` is its event, and the answer its result; 500 is its failure.

    Args:
        functions: by name, what gives an event to a function.
    """

    def __init__(self, functions: Mapping[str, Invoke]) -> None:
        self._functions = functions

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one call, or take part in the server's start and end."""
        if scope["type"] == "lifespan":
            await live(receive, send)
            return
        body = await body_of(receive)
        if body is None:
            return
        function = self._functions.get(scope["path"].removeprefix("/"))
        if function is None:
            await _answer(send, 404, "there is no such function")
            return
        try:
            await _answer(send, 200, json.dumps(await function(json.loads(body))))
        except FunctionFailed as error:
            await _answer(send, 500, str(error))


async def _answer(send: Send, status: int, text: str) -> None:
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": text.encode()})
