"""A look inside: the whole ledger read, and every segment in use checked, where both can be reached.

That is in this process, where table and file system are at hand (the local stack, a machine that mounts EFS), or else
in the projector function. It goes in steps, and one that was cut short goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, cast

from console.client.target import stack_output
from console.data.ledger import explain_errors, open_store
from console.errors import ConsoleError
from console.paths import ENVIRONMENT_FILE, URL_FILE, local_dir
from handlers.domain.bookmark import Bookmark
from handlers.upkeep.findings import FULL, VerificationError
from handlers.upkeep.verification import Verifier

if TYPE_CHECKING:
    from collections.abc import Generator

    from console.terminal import Advance

STEP_S = 10.0
ANSWER_WITHIN_S = 330.0  # longer than the function may take at its default

Inside = dict[str, object]  # a finding, as the projector gives it
Step = Callable[[], Mapping[str, object]]  # reads for `STEP_S`; returns the finding, or how far it is


def way_inside(url: str, function: str) -> AbstractContextManager[Step] | None:
    """Return the way to the ledger and the segments behind an API; None where there is none.

    Args:
        url: the API's address.
        function: the projector function's name; empty: look in the environment, the local stack, the stack's output.
    """
    if not function:
        environ = _environment(url)
        if environ is not None:
            return in_this_process(environ)
        is_stack = stack_output("api_url").rstrip("/") == url
        function = os.environ.get("PROJECTOR_FUNCTION", "") or (stack_output("projector_function") if is_stack else "")
    return _in_function(function) if function else None


def look_inside(step: Step, head: Bookmark, advance: Advance) -> Inside:
    """Verify fully, step by step, and return the finding. Raises ConsoleError where that cannot be.

    Args:
        head: that of the ledger that the API tells of.
        advance: is told of rows of the ledger that were read.
    """
    known = 0
    while True:
        found = dict(step())
        if found.get("is_right") is False:
            return found
        reached = Bookmark.parse(str(found.get("reached") or found.get("bookmark")))
        if reached.epoch != head.epoch:
            message = f"the API's ledger is at {head}, the one that was read at {reached}: they are two"
            raise ConsoleError(message, "choose another API with --url, or another table with TABLE_NAME")
        advance(max(0, reached.seq - known))
        known = max(known, reached.seq)
        if "is_right" in found:
            return found


def complain_of_inside(inside: Inside | None) -> None:
    """Raise ConsoleError where something inside does not agree."""
    if inside is not None and not inside["is_right"]:
        raise ConsoleError(str(inside["fault"]), "read docs/deployment.md, 'When verification fails'")


def _environment(url: str) -> Mapping[str, str] | None:
    """Return the environment in which table and file system are at hand; None: they are not."""
    if os.environ.get("TABLE_NAME") and os.path.isdir(os.environ.get("EFS_DIR", "")):
        return os.environ
    try:
        is_local = (local_dir() / URL_FILE).read_text().strip() == url
    except FileNotFoundError:
        return None
    return local_environment() if is_local else None


def local_environment() -> dict[str, str] | None:
    """Return the variables that lead to the local stack's table and files; None where none is running."""
    try:
        lines = (local_dir() / ENVIRONMENT_FILE).read_text().splitlines()
    except FileNotFoundError:
        return None
    pairs = (shlex.split(line)[1].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


@contextmanager
def in_this_process(environ: Mapping[str, str]) -> Generator[Step]:
    """Yield what reads the table and the file system of an environment. Raises ConsoleError."""
    with open_store(environ) as store:
        if store.publisher is None:
            raise ConsoleError("EFS_DIR is not a folder here", "set it to where the file system is mounted")
        verifier = Verifier(store.ledger, store.publisher)
        try:
            yield lambda: verifier.full(STEP_S).answer()
        except (OSError, sqlite3.Error) as error:
            raise ConsoleError(f"the segments cannot be read now: {error}", "try again") from error


@contextmanager
def _in_function(name: str) -> Generator[Step]:
    import boto3  # noqa: PLC0415 - a tenth of a second that only this way pays
    from botocore.config import Config  # noqa: PLC0415

    client = cast("Any", boto3).client(
        "lambda", config=Config(read_timeout=ANSWER_WITHIN_S, retries={"mode": "standard"})
    )
    payload = json.dumps({"task": "verify", "level": FULL, "limit_s": STEP_S})

    def step() -> Mapping[str, object]:
        answer = client.invoke(FunctionName=name, Payload=payload)
        content: dict[str, object] = json.loads(answer["Payload"].read())
        if content.get("errorType") == VerificationError.__name__:
            return {"is_right": False, "fault": content["errorMessage"]}
        if "FunctionError" in answer:
            raise ConsoleError(f"{name}: {content.get('errorMessage')}", f"read the log of {name}")
        return content

    with explain_errors():
        yield step
