"""The Pythons of Lambda that the functions may run on, and whether the Python at hand makes byte code for them."""

from __future__ import annotations

import platform
from importlib.util import MAGIC_NUMBER

DEFAULT = "python3.13"
# Lambda's name -> the number that begins its byte code, the same from a Python's first release candidate on.
RUNTIMES = {DEFAULT: (3571).to_bytes(2, "little") + b"\r\n", "python3.12": (3531).to_bytes(2, "little") + b"\r\n"}
ALLOWED = f"{' or '.join(RUNTIMES)}; SQLite on Amazon Linux 2, where python3.11 and older run, is too old"
COST = "a cold start takes about two thirds as long again"


def makes_byte_code_for(runtime: str) -> bool:
    """Return whether the Python at hand and this runtime read each other's byte code."""
    return RUNTIMES[runtime] == MAGIC_NUMBER


def why_without_byte_code(runtime: str) -> str | None:
    """Return one sentence on what is left out, what that costs and how to get it; None where nothing is left out."""
    if makes_byte_code_for(runtime):
        return None
    here = f"{platform.python_implementation()} {platform.python_version()}"
    others = "".join(f", or set the runtime to {other}" for other in RUNTIMES if makes_byte_code_for(other))
    wanted = runtime.replace("python", "CPython ")
    return (
        f"{here} makes no byte code for {runtime}, so {COST}; to ship byte code, package with a release of {wanted}"
        f"{others}"
    )
