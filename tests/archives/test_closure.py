from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from archives import closure
from archives.closure import files_of
from archives.contents import contents_of
from archives.errors import ArchiveError
from archives.runtimes import DEFAULT
from archives.zipped import zip_bytes
from tests.archives.conftest import Write


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("import app.other", {"app/other.py"}),
        ("import app.other as it", {"app/other.py"}),
        ("from app import other", {"app/other.py"}),
        ("from app.other import thing", {"app/other.py"}),
        ("from . import other", {"app/other.py"}),
        ("from .other import thing", {"app/other.py"}),
        ("def lazily():\n    from app.other import thing", {"app/other.py"}),
        ("try:\n    import app.other\nexcept ImportError:\n    pass", {"app/other.py"}),
        ("from app.deep.inner import thing", {"app/deep/__init__.py", "app/deep/inner.py"}),
        ("from app import deep", {"app/deep/__init__.py"}),
        ("from app import VERSION", set[str]()),
        ("import json, os.path", set[str]()),
        ("import boto3\nfrom botocore.config import Config", set[str]()),
        ("if TYPE_CHECKING:\n    import app.other\n    import mypy_boto3_dynamodb", set[str]()),
        ("if typing.TYPE_CHECKING:\n    import app.other", set[str]()),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import app.other", {"app/other.py"}),
        ("if True:\n    import app.other", {"app/other.py"}),
        ("match 1:\n    case 1:\n        import app.other", {"app/other.py"}),
        ("try:\n    pass\nexcept ValueError:\n    import app.other", {"app/other.py"}),
    ],
)
def test_what_an_import_brings(text: str, found: set[str], write: Write) -> None:
    root = write(
        {
            "app/__init__.py": "VERSION = 1",
            "app/main.py": text,
            "app/other.py": "thing = 1",
            "app/deep/__init__.py": "",
            "app/deep/inner.py": "thing = 1",
            "app/unused.py": "",
        }
    )
    assert set(files_of("app.main", root)) == {"app/__init__.py", "app/main.py"} | found


def test_imports_are_followed_to_the_end_and_round_in_circles(write: Write) -> None:
    root = write(
        {"app/__init__.py": "", "app/a.py": "import app.b", "app/b.py": "import app.c", "app/c.py": "import app.a"}
    )
    assert list(files_of("app.a", root)) == ["app/__init__.py", "app/a.py", "app/b.py", "app/c.py"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import app.missing", r"^app/main.py imports app.missing, which is not there"),
        ("import requests", r"^app/main.py imports requests, which no archive holds and Lambda's Pythons do"),
        ("import telnetlib", r"^app/main.py imports telnetlib, which no archive holds"),
    ],
)
def test_an_import_that_would_fail_on_lambda_fails_here(text: str, message: str, write: Write) -> None:
    root = write({"app/__init__.py": "", "app/main.py": text})
    with pytest.raises(ArchiveError, match=message):
        files_of("app.main", root)


def test_a_missing_entry_point(write: Write) -> None:
    with pytest.raises(ArchiveError, match=r"the entry point imports app.main, which is not there"):
        files_of("app.main", write({"app/__init__.py": ""}))


def test_a_shipped_distribution_comes_with_its_metadata_and_its_licence(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/main.py": "from ulid import ULID"})
    names = set(files_of("app.main", root))
    assert {"ulid/__init__.py", "ulid/base32.py"} <= names
    assert any(name.endswith(".dist-info/METADATA") for name in names)
    assert any("LICENSE" in name for name in names)
    assert not any(name.endswith(("RECORD", "INSTALLER", ".pyc")) for name in names)


def test_a_distribution_that_is_not_installed(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closure, "SHIPPED", {"ulid": "not-installed-anywhere"})
    root = write({"app/__init__.py": "", "app/main.py": "from ulid import ULID"})
    with pytest.raises(ArchiveError, match="not-installed-anywhere is not installed"):
        files_of("app.main", root)


def test_the_shipped_distribution_works_from_the_archive_alone(write: Write, tmp_path: Path) -> None:
    text = (
        "from importlib.metadata import version\nfrom ulid import ULID\nprint(len(str(ULID())), version('python-ulid'))"
    )
    root = write({"app/__init__.py": "", "app/main.py": text})
    archive = tmp_path / "archive.zip"
    archive.write_bytes(zip_bytes(contents_of("app.main", root, DEFAULT)))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(tmp_path / "task")
    # -I -S: nothing of this environment but the standard library; typing_extensions is for Python 3.11 alone
    code = f"import sys; sys.path.insert(0, {str(tmp_path / 'task')!r}); {STAND_IN}; import app.main"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("26 4.1.0")


STAND_IN = (
    "import types, typing; sys.modules['typing_extensions'] = types.SimpleNamespace(override=lambda method: method)"
)


def test_equal_files_give_equal_bytes(write: Write) -> None:
    root = write({"app/__init__.py": "", "app/main.py": "import app.other", "app/other.py": ""})
    first = zip_bytes(contents_of("app.main", root, DEFAULT))
    (root / "app" / "other.py").touch()
    (root / "app" / "other.py").chmod(0o600)
    contents = contents_of("app.main", root, DEFAULT)
    assert zip_bytes(dict(reversed(contents.items()))) == first


def test_the_zip_holds_readable_files_of_no_time(write: Write, tmp_path: Path) -> None:
    root = write({"app/__init__.py": "", "app/main.py": "VALUE = 1"})
    (tmp_path / "a.zip").write_bytes(zip_bytes(contents_of("app.main", root, DEFAULT)))
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.read("app/main.py") == b"VALUE = 1"
        for entry in archive.infolist():
            assert entry.date_time == (1980, 1, 1, 0, 0, 0)
            assert entry.external_attr >> 16 == 0o100644
