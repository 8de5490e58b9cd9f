"""The warmer: keeps sandboxes of the query function ready.

It invokes the function as often as there shall be sandboxes, all at once. Each call has its sandbox open the newest
snapshot and hold still for a moment, so that no sandbox answers two of them.
"""

from __future__ import annotations

import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

from handlers.aws.functions import InvocationError, make_invoke
from handlers.settings import MOST_WARM, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Invoke = Callable[[Mapping[str, object]], object]
    Report = dict[str, object]

HOLD_MS = 200
ALIAS_ARN = r"arn:aws[\w-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[\w-]+:[\w-]+"


class Warmer:
    """Keeps `sandboxes` of a function warm."""

    def __init__(self, invoke: Invoke, sandboxes: int) -> None:
        self._invoke = invoke
        self._sandboxes = sandboxes

    def __call__(self, event: object, context: object) -> Report:
        """Wake them and log what answered, as one line of JSON. Raises InvocationError where none did."""
        with ThreadPoolExecutor(self._sandboxes) as threads:
            outcomes = list(threads.map(self._wake, range(self._sandboxes)))
        answers = [outcome for outcome in outcomes if isinstance(outcome, dict)]
        failures = [outcome for outcome in outcomes if isinstance(outcome, InvocationError)]
        report: Report = {
            "asked": self._sandboxes,
            "answered": len(answers),
            "sandboxes": len({answer["sandbox"] for answer in answers}),
            "cold": sum(answer["is_cold"] is True for answer in answers),
            "failures": sorted({str(failure) for failure in failures}),
        }
        print(json.dumps(report))  # Lambda's log takes it as it is
        if not answers:
            raise failures[0]
        return report

    def _wake(self, _: int) -> dict[str, object] | InvocationError:
        try:
            answer = self._invoke({"hold_ms": HOLD_MS})
        except InvocationError as error:
            return error
        if isinstance(answer, dict) and {"sandbox", "is_cold"} <= answer.keys():
            return cast("dict[str, object]", answer)
        return InvocationError(f"the function answered {answer!r:.200}, which tells no sandbox")


def make_handler(environ: Mapping[str, str]) -> Warmer:
    """Return the function for an environment. Raises SettingsError."""
    function_arn, sandboxes = environ.get("FUNCTION_ARN", ""), environ.get("SANDBOXES", "")
    if not re.fullmatch(ALIAS_ARN, function_arn):
        raise SettingsError(f"FUNCTION_ARN: got {function_arn!r}, allowed: the ARN of a function's alias")
    if not re.fullmatch(r"[0-9]{1,3}", sandboxes) or not 1 <= int(sandboxes) <= MOST_WARM:
        raise SettingsError(f"SANDBOXES: got {sandboxes!r}, allowed: an integer from 1 to {MOST_WARM}")
    return Warmer(make_invoke(function_arn, int(sandboxes)), int(sandboxes))


handler = make_handler(os.environ)
