"""Byte code that is the same whoever makes it, and is used by the Python that made it alone."""

from __future__ import annotations

import importlib.util
import json
import marshal
import subprocess
import sys
from pathlib import Path
from types import CodeType

import pytest

from archives.bytecode import byte_code_name, byte_code_of
from archives.contents import contents_of
from archives.lean import content_of
from tests.archives.conftest import Write
from tests.archives.pythons import other_pythons

ROOT = Path(__file__).resolve().parents[2]
# Sets of texts, whose order follows the hash seed; constants that other code has too; names that are interned or not.
SETS = '''
"""A text."""
KINDS = {"foo", "bar", 2, 3.5, (1, "foo"), b"bytes"}
def of(kind, *, known=frozenset({"foo", "bar"})):
    return kind in {"foo", "bar", 2, 3, 1000000} and [lambda: (kind, 2, "a b"), known]
class Thing:
    foo: int = 1000000
    def bar(self):
        return {"foo", 1, 2, 3, 4, 5, 6, 7, 8, 9, "a b"} | KINDS
'''
COMPILE = """if True:
    import json, sys
    sys.path.insert(0, sys.argv[1])
    from archives.bytecode import byte_code_of
    sources = json.load(sys.stdin)
    if sys.argv[2] == "backwards":
        sources = dict(reversed(sources.items()))
        before = [compile("import foo, bar; kept = ('foo', 2, 3, 'a b')", "other.py", "exec") for _ in range(3)]
    made = [(name, byte_code_of.__wrapped__(text.encode(), name).hex()) for name, text in [*sources.items()] * 2]
    print(json.dumps(sorted(set(made))))  # twice the same is once
"""


def sources() -> dict[str, str]:
    paths = [ROOT / "handlers" / name for name in ("model/columns.py", "reads/sqlite_view.py", "api/read.py")]
    return {"sets.py": SETS} | {str(path.relative_to(ROOT)): content_of(path).decode() for path in paths}


@pytest.mark.parametrize(
    ("order", "environ"),
    [
        ("forwards", {"PYTHONHASHSEED": "1"}),
        ("backwards", {"PYTHONHASHSEED": "2", "PYTHONOPTIMIZE": "2"}),
        ("backwards", {"PYTHONHASHSEED": "3", "PYTHONDEVMODE": "1"}),
        ("backwards", {"PYTHONHASHSEED": "4", "PYTHONNODEBUGRANGES": "1"}),
    ],
)
def test_the_bytes_do_not_depend_on_the_process(order: str, environ: dict[str, str], tmp_path: Path) -> None:
    """Neither on hash seed, order and what was compiled before, nor on where it runs and with which switches."""
    given = sources()
    command = [sys.executable, "-c", COMPILE, str(ROOT), order]
    done = subprocess.run(
        command, env=environ, cwd=tmp_path, input=json.dumps(given), capture_output=True, text=True, check=True
    )
    here = sorted((name, byte_code_of(text.encode(), name).hex()) for name, text in given.items())
    assert [tuple(pair) for pair in json.loads(done.stdout)] == here


def test_it_is_a_pyc_that_is_never_compared_with_its_source() -> None:
    content = byte_code_of(b"x = 1", "app/main.py")
    flags = int.from_bytes(content[4:8], "little")
    assert (content[:4], flags) == (importlib.util.MAGIC_NUMBER, 0b01)  # PEP 552: made from a hash, not checked
    assert content[8:16] == importlib.util.source_hash(b"x = 1")


def lines_of(code: CodeType) -> list[object]:
    """The line of every instruction, inside out."""
    inner = [lines_of(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return [code.co_qualname, code.co_code, [line for line, *_ in code.co_positions()], inner]


@pytest.mark.parametrize("name", sources())
def test_it_is_the_code_of_the_source_on_the_lines_of_the_source(name: str) -> None:
    text = sources()[name]
    loaded = marshal.loads(byte_code_of(text.encode(), name)[16:])
    assert lines_of(loaded) == lines_of(compile(text, name, "exec", dont_inherit=True, optimize=0))


def test_it_lies_where_python_looks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    assert byte_code_name("app/main.py") == importlib.util.cache_from_source("app/main.py", optimization="")
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    assert byte_code_name("main.py").startswith("__pycache__/main.")


# What each run of the archive below prints: the file that a function names, and the line that a traceback shows.
START = """if True:
    import sys, traceback
    sys.implementation.cache_tag = sys.argv[2] or sys.implementation.cache_tag
    sys.path.insert(0, sys.argv[1])
    import app.main
    try:
        app.main.fail(sys.argv[1])
    except ValueError:
        print(traceback.format_exc())
"""
SHOWN = 'File "{}/app/helper.py", line 2, in fail_there\n    raise ValueError("shown")'


def start(folder: Path, tag: str = "", python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    command = [python, "-I", "-S", "-B", "-c", START, str(folder), tag]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(write: Write, own_runtime: str, tmp_path: Path) -> Path:
    """An archive as it lies in /var/task, which nothing can write to."""
    root = write(
        {
            "app/__init__.py": "",
            "app/main.py": "from app.helper import fail_there\n\ndef fail(folder):\n    fail_there()\n",
            "app/helper.py": 'def fail_there():\n    raise ValueError("shown")\n',
        }
    )
    task = tmp_path / "task"
    for name, content in contents_of("app.main", root, own_runtime).items():
        (task / name).parent.mkdir(parents=True, exist_ok=True)
        (task / name).write_bytes(content)
        (task / name).chmod(0o444)
    return task


def rewrite(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def test_a_start_takes_the_byte_code_and_tracebacks_show_the_source(folder: Path) -> None:
    files = sorted(folder.rglob("*"))
    done = start(folder)
    assert sorted(folder.rglob("*")) == files
    assert SHOWN.format(folder) in done.stdout
    rewrite(folder / "app" / "main.py", b"raise ImportError('the source was read')")
    assert SHOWN.format(folder) in start(folder).stdout


def test_another_python_takes_the_source(folder: Path) -> None:
    """A Python with another tag; beside it, the other Pythons of this machine."""
    byte_code = folder / byte_code_name("app/main.py")
    rewrite(byte_code, byte_code_of(b"raise ImportError('the byte code was read')", "app/main.py"))
    assert "the byte code was read" in start(folder).stderr
    assert SHOWN.format(folder) in start(folder, "cpython-399").stdout
    for path in other_pythons().values():
        assert SHOWN.format(folder) in start(folder, python=path).stdout


def test_byte_code_of_another_python_under_this_tag_is_passed_over(folder: Path) -> None:
    byte_code = folder / byte_code_name("app/main.py")
    content = byte_code.read_bytes()
    rewrite(byte_code, b"\0\0\r\n" + content[4:])
    assert SHOWN.format(folder) in start(folder).stdout
