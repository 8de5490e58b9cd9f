from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from archives.bytecode import byte_code_name, byte_code_of
from archives.contents import contents_of
from archives.errors import ArchiveError
from tests.archives.conftest import Write

ROOT = Path(__file__).resolve().parents[2]
APP = {
    "app/__init__.py": "",
    "app/main.py": "import app.early\n\ndef later():\n    import app.late  # lazily\n",
    "app/early.py": '"""Early."""\nVALUE = 1\n',
    "app/late.py": "",
}


def test_what_a_start_loads_is_there_as_byte_code_too_and_what_comes_later_is_not(
    write: Write, own_runtime: str
) -> None:
    contents = contents_of("app.main", write(APP), own_runtime)
    early = ("app/__init__.py", "app/early.py", "app/main.py")
    assert list(contents) == sorted([*APP, *map(byte_code_name, early)])
    assert contents["app/early.py"] == b'""\nVALUE = 1\n'
    for name in early:
        assert contents[byte_code_name(name)] == byte_code_of(contents[name], name)


def test_for_another_python_there_are_the_sources_alone(write: Write, own_runtime: str, other_runtime: str) -> None:
    root = write(APP)
    with_byte_code = contents_of("app.main", root, own_runtime)
    sources = {name: content for name, content in with_byte_code.items() if not name.endswith(".pyc")}
    assert contents_of("app.main", root, other_runtime) == sources
    assert len(sources) < len(with_byte_code)


HASH = """if True:
    import hashlib, os, sys
    from importlib.util import MAGIC_NUMBER
    from pathlib import Path
    os.umask(int(sys.argv[3], 8))
    sys.path.insert(0, sys.argv[1])
    from archives.contents import contents_of
    from archives.runtimes import RUNTIMES
    from archives.zipped import zip_bytes
    RUNTIMES["here"] = MAGIC_NUMBER
    contents = contents_of("handlers.projector", Path(sys.argv[2]), "here")
    assert sum(name.endswith(".pyc") for name in contents) > 10
    print(hashlib.sha256(zip_bytes(contents)).hexdigest())
"""


def test_two_machines_make_the_same_archive(tmp_path: Path) -> None:
    """Of one function with a distribution, in another folder, under another umask, with files of another time."""
    copy = tmp_path / "a folder" / "project"
    shutil.copytree(ROOT / "handlers", copy / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.rglob("*.py"):
        os.utime(path, (1, 1))
        path.chmod(0o600)
    digests = [
        subprocess.run(
            [sys.executable, "-c", HASH, str(ROOT), str(root), umask],
            env={"PYTHONHASHSEED": seed},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for root, umask, seed, folder in ((ROOT, "022", "1", ROOT), (copy, "077", "2", tmp_path))
    ]
    assert digests[0] == digests[1]
    assert len(digests[0].strip()) == 64


@pytest.mark.parametrize("text", ["def broken(:\n", "\treturn\n", "return\n", "x = 'a\n"])
def test_an_error_of_syntax_is_found_here_and_named(text: str, write: Write, own_runtime: str) -> None:
    root = write({"app/__init__.py": "", "app/main.py": text})
    with pytest.raises(ArchiveError, match=r"^app/main\.py, line 1: ['\w]"):
        contents_of("app.main", root, own_runtime)
