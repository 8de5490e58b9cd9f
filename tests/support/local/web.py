"""HTTP in tests: a gateway served in a thread, and requests without a limit of their own (a cold start takes as long as
it takes).
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Generator
from functools import partial

import httpx
import uvicorn

from console.local.gateway import App

get = partial(httpx.get, timeout=None)
post = partial(httpx.post, timeout=None)
put = partial(httpx.put, timeout=None)
delete = partial(httpx.delete, timeout=None)


@contextlib.contextmanager
def served(app: App) -> Generator[str]:
    """Serve a gateway, or what stands before one, on loopback; gives its URL."""
    config = uvicorn.Config(app, lifespan="on", log_config=None, http="httptools", ws="none")
    config.get_loop_factory()  # imported here, not in the thread beside what a test imports
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
