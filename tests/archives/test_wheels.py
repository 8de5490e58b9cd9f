from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path

import pytest

from archives.bytecode import byte_code_name
from archives.contents import contents_of, sources_of
from archives.errors import ArchiveError
from archives.manifest import function_manifest
from archives.runtimes import DEFAULT, RUNTIMES
from archives.wheels import pins_file, wheel_contents
from tests.archives.conftest import Write

ROOT = Path(__file__).resolve().parents[2]
INFO = "psycopg-1.0.dist-info"
SHIPPED = {
    "psycopg/__init__.py": b'"""Kept as it is."""\n',
    "psycopg/_driver.cpython-313-aarch64-linux-gnu.so": b"\x7fELF\xff",
    "psycopg.libs/libpq-0.so.5.18": b"\x7fELF\xfe",
    f"{INFO}/METADATA": b"Metadata-Version: 2.1\nName: psycopg\nVersion: 1.0\n",
    f"{INFO}/licenses/LICENSE.txt": b"As you like",
}
LEFT = {
    "psycopg/__init__.pyi": b"",
    "psycopg/py.typed": b"",
    "psycopg/tests/test_driver.py": b"",
    f"{INFO}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/RECORD": b"",
}
APP = {"app/__init__.py": "", "app/main.py": "import psycopg\n"}


def wheel_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as wheel:
        wheel.mkdir(f"{INFO}/licenses")
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


WHEEL = wheel_bytes(SHIPPED | LEFT)


def pins(*wheels: bytes) -> dict[str, str]:
    """The files that pin the one distribution, for each runtime."""
    lines = [f"psycopg==1.0 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n" for wheel in wheels]
    return {pins_file(runtime): "# the driver\n\n" + "".join(lines) for runtime in RUNTIMES}


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the wheel, the only place where pip looks."""
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "psycopg-1.0-py3-none-any.whl").write_bytes(WHEEL)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def put(root: Path, content: bytes = WHEEL, name: str = "psycopg-1.0-py3-none-any.whl") -> None:
    folder = root / "build" / "wheels"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def test_wheels_are_downloaded_once_and_hold_code_libraries_metadata_and_licences(write: Write, index: Path) -> None:
    root = write(pins(WHEEL))
    assert wheel_contents(root, DEFAULT) == SHIPPED
    (index / "psycopg-1.0-py3-none-any.whl").unlink()
    assert wheel_contents(root, DEFAULT) == SHIPPED
    assert [path.name for path in (root / "build" / "wheels").iterdir()] == ["psycopg-1.0-py3-none-any.whl"]


@pytest.mark.usefixtures("index")
def test_a_wheel_of_another_hash_is_refused_whoever_brought_it(write: Write) -> None:
    other = wheel_bytes(SHIPPED)
    root = write(pins(other))
    put(root, WHEEL)
    with pytest.raises(ArchiveError, match=r"the wheels of wheels-python3\.13\.txt cannot be downloaded: .+"):
        wheel_contents(root, DEFAULT)
    put(root, other, "psycopg-1.0-1-py3-none-any.whl")
    assert wheel_contents(root, DEFAULT) == SHIPPED


def test_without_a_network_the_error_says_so_and_where_the_wheels_would_stay(write: Write, index: Path) -> None:
    root = write(pins(WHEEL))
    (index / "psycopg-1.0-py3-none-any.whl").unlink()
    message = rf"cannot be downloaded: ERROR: .*psycopg==1\.0.*they stay in {re.escape(str(root / 'build' / 'wheels'))}"
    with pytest.raises(ArchiveError, match=message):
        wheel_contents(root, DEFAULT)
    assert list((root / "build" / "wheels").iterdir()) == []


@pytest.mark.parametrize("stderr", ["", "No module named pip\n"], ids=["nothing", "no pip"])
def test_a_python_without_pip_is_an_error_of_the_same_kind(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stderr: str
) -> None:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\nprintf '{stderr}' >&2\nexit 1\n")
    python.chmod(0o755)
    monkeypatch.setattr("archives.wheels.sys.executable", str(python))
    root = write(pins(WHEEL))
    with pytest.raises(ArchiveError, match=stderr.strip() or "pip said nothing"):
        wheel_contents(root, DEFAULT)


def test_pip_that_brings_something_else_is_not_believed(
    write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 0\n")
    python.chmod(0o755)
    monkeypatch.setattr("archives.wheels.sys.executable", str(python))
    with pytest.raises(ArchiveError, match=r"pip brought no wheel of psycopg==1\.0 with the pinned hash"):
        wheel_contents(write(pins(WHEEL)), DEFAULT)


@pytest.mark.parametrize("line", ["psycopg", "psycopg==1.0", "psycopg==1.0 --hash=sha256:abc", "-r other.txt"])
def test_a_line_that_pins_nothing_is_named(write: Write, line: str) -> None:
    root = write({pins_file(DEFAULT): f"# driver\n{line}\n"})
    with pytest.raises(ArchiveError, match=rf"wheels-{DEFAULT}\.txt, line 2: got '{line}', allowed: a requirement"):
        wheel_contents(root, DEFAULT)


def test_an_archive_that_imports_the_driver_holds_it_with_all_of_its_byte_code(write: Write, own_runtime: str) -> None:
    root = write(APP | pins(WHEEL) | {pins_file(own_runtime): pins(WHEEL)[pins_file(DEFAULT)]})
    put(root)
    contents = contents_of("app.main", root, own_runtime)
    code = [name for name in (*APP, *SHIPPED) if name.endswith(".py")]
    assert list(contents) == sorted([*APP, *SHIPPED, *map(byte_code_name, code)])
    assert {name: contents[name] for name in SHIPPED} == SHIPPED


def test_hashes_of_sources_need_no_download_and_follow_the_pins(write: Write) -> None:
    root = write(APP | pins(WHEEL))
    assert {*sources_of("app.main", root)} == {*APP, *pins(WHEEL)}
    write({"handlers/__init__.py": "", "handlers/main.py": "import psycopg\n"})
    before = function_manifest(root, "main")
    write(pins(wheel_bytes(SHIPPED)))
    assert function_manifest(root, "main").hash != before.hash
    assert not (root / "build").exists()


def test_both_runtimes_pin_the_driver_that_the_tests_run_with() -> None:
    (tested,) = re.findall(r"psycopg\[binary\]==(\S+)", (ROOT / "requirements-postgres.txt").read_text())
    for runtime in RUNTIMES:
        lines = (ROOT / pins_file(runtime)).read_text().splitlines()
        assert {f"psycopg=={tested}", f"psycopg_binary=={tested}"} <= {line.partition(" ")[0] for line in lines}
        assert not any("://" in line for line in lines)
