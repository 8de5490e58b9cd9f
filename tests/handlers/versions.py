"""Code with several versions of `handlers/rows.py`, side by side in one process: each has modules of its own."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

from handlers.routes import COMMAND, gateway_routes
from tests.support.api import Answer, event

PACKAGE = "handlers"
SIDES = ("handlers", "console")  # what has the columns in it


class Version:
    """The functions with one `rows.py`.

    Args:
        source: the text of that file.
        environ: of the functions.
    """

    def __init__(self, source: str, environ: Mapping[str, str]) -> None:
        self._modules: dict[str, ModuleType] = {}
        with self.active():
            importlib.import_module(PACKAGE)
            rows = ModuleType(f"{PACKAGE}.rows")
            exec(compile(source, "rows.py", "exec"), rows.__dict__)
            sys.modules[rows.__name__] = rows
            sys.modules[PACKAGE].__dict__["rows"] = rows
            self.model: Any = rows.__dict__["MODEL"]
            self._command = self.module("command").make_handler(environ)
            self._query = self.module("query").make_handler(environ)
            self._projector = self.module("projector").make_handler(environ)

    def module(self, name: str, package: str = PACKAGE) -> Any:
        """One of its modules, while it is active."""
        return importlib.import_module(f"{package}.{name}")

    @contextmanager
    def active(self) -> Generator[None]:
        """Its modules are those that an import finds: functions import some when they are first needed."""
        others = taken_out()
        sys.modules.update(self._modules)
        try:
            yield
        finally:
            self._modules = taken_out()
            sys.modules.update(others)

    def send(self, method: str, path: str, content: object = None, raw_query: str = "", **headers: str) -> Answer:
        """Send a request; header names with underscores for hyphens."""
        named = {"content-type": "application/json"} | {name.replace("_", "-"): headers[name] for name in headers}
        made = event(method, path, None if content is None else json.dumps(content), named, raw_query)
        is_command = gateway_routes().get(f"{method} {path}") == COMMAND
        with self.active():
            return Answer((self._command if is_command else self._query)(made, None))

    def task(self, task: str, **members: object) -> dict[str, Any]:
        """Have the projector do a task."""
        with self.active():
            context = SimpleNamespace(aws_request_id="invocation-1", get_remaining_time_in_millis=lambda: 300_000)
            return self._projector({"task": task, **members}, context)


def taken_out() -> dict[str, ModuleType]:
    """Take the modules that depend on the columns out of those that an import finds, and return them."""
    names = [name for name in sys.modules if name.partition(".")[0] in SIDES]
    return {name: sys.modules.pop(name) for name in names}
