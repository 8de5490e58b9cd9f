from __future__ import annotations

import subprocess
import sys
from importlib.util import MAGIC_NUMBER

import pytest

from archives.runtimes import COST, RUNTIMES, makes_byte_code_for, why_without_byte_code
from tests.archives.pythons import other_pythons

HERE = "python{}.{}".format(*sys.version_info)


def test_the_numbers_are_those_of_the_pythons() -> None:
    program = "import importlib.util; print(importlib.util.MAGIC_NUMBER.hex())"
    known = {f"python{version}": path for version, path in other_pythons().items() if f"python{version}" in RUNTIMES}
    for name, path in known.items():
        done = subprocess.run([path, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
        assert bytes.fromhex(done.stdout) == RUNTIMES[name]
    assert [name for name in RUNTIMES if makes_byte_code_for(name)] == [name for name in RUNTIMES if name == HERE]


def test_nothing_is_said_where_nothing_is_left_out(own_runtime: str) -> None:
    assert makes_byte_code_for(own_runtime)
    assert why_without_byte_code(own_runtime) is None


def test_what_is_left_out_is_said_with_its_cost_and_the_ways_to_get_it(
    other_runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(RUNTIMES, HERE, raising=False)
    only = f"{HERE} makes no byte code for python3.99, so {COST}; to ship it, package with Python 3.99"
    assert why_without_byte_code(other_runtime) == only
    monkeypatch.setitem(RUNTIMES, HERE, MAGIC_NUMBER)
    assert why_without_byte_code(other_runtime) == f"{only}, or set the runtime to {HERE}"
