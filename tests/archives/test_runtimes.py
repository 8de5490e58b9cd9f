from __future__ import annotations

import platform
import subprocess
import sys
from importlib.util import MAGIC_NUMBER

import pytest

from archives.runtimes import COST, RUNTIMES, makes_byte_code_for, why_without_byte_code
from tests.archives.pythons import other_pythons

VERSION = "{}.{}".format(*sys.version_info)
HERE = f"{platform.python_implementation()} {platform.python_version()}"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_number_is_that_of_the_python(runtime: str) -> None:
    """Skipped, and listed as such, where that Python is neither this one nor installed."""
    pythons = {VERSION: sys.executable, **other_pythons()}
    path = pythons.get(runtime.removeprefix("python"))
    if path is None:
        pytest.skip(f"no {runtime} on this machine")
    program = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
    done = subprocess.run([path, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert bytes.fromhex(done.stdout) == RUNTIMES[runtime]
    assert makes_byte_code_for(runtime) == (path == sys.executable)


def test_nothing_is_said_where_nothing_is_left_out(own_runtime: str) -> None:
    assert makes_byte_code_for(own_runtime)
    assert why_without_byte_code(own_runtime) is None


@pytest.fixture
def no_own_runtime(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a Python that is none of the functions', be it by its version or as an alpha or another implementation."""
    for runtime in RUNTIMES:
        monkeypatch.setitem(RUNTIMES, runtime, b"none")


@pytest.mark.parametrize("runtime", [*RUNTIMES, f"python{VERSION}"])
@pytest.mark.usefixtures("no_own_runtime")
def test_what_is_left_out_is_said_with_its_cost_and_the_ways_to_get_it(
    runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RUNTIMES, runtime, b"none")
    wanted = runtime.replace("python", "CPython ")
    only = f"{HERE} makes no byte code for {runtime}, so {COST}; to ship byte code, package with a release of {wanted}"
    assert why_without_byte_code(runtime) == only
    monkeypatch.setitem(RUNTIMES, "python3.99", MAGIC_NUMBER)
    assert why_without_byte_code(runtime) == f"{only}, or set the runtime to python3.99"
