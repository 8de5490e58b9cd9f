"""Coverage looks away while botocore is at work, which never calls our code: following it takes as long as the work.

Half the time of a measured test of the functions would go there.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Generator
from typing import Any

import pytest
from botocore.client import BaseClient, ClientCreator

# What calls nothing of ours on its way. Nothing of httpx is among it: it asks for a body's next part as it sends.
CALLS: tuple[tuple[type, str], ...] = ((BaseClient, "_make_api_call"), (ClientCreator, "create_client"))


@contextlib.contextmanager
def looking_away() -> Generator[None]:
    """While it is open nothing of these calls is followed; does nothing where nothing is measured."""
    with pytest.MonkeyPatch.context() as patch:
        for owner, name in CALLS if hasattr(sys.gettrace(), "stop") else ():
            patch.setattr(owner, name, _unseen(getattr(owner, name)))
        yield


def _unseen(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with coverage's tracer of the thread stopped meanwhile.

    It has to be the tracer's own `stop` and `start`: it counts calls and returns, and both have to be missed.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        tracer: Any = sys.gettrace()
        if not hasattr(tracer, "stop"):  # within another such call, or in a thread that is not measured
            return function(*args, **kwargs)
        tracer.stop()
        try:
            return function(*args, **kwargs)
        finally:
            tracer.start()

    return call
