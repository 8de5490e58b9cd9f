from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from archives.bytecode import byte_code_name
from archives.closure import files_of
from archives.contents import contents_of
from archives.runtimes import COST, DEFAULT, RUNTIMES, why_without_byte_code
from archives.zipped import zip_bytes
from handlers.routes import COMMAND, PROJECTOR, QUERY, WARMER
from infra.compute.archive import ROOT, archive_of, entry_of, handler_of, warn_without_byte_code
from tests.infra.program import EVERYTHING, graph, project_schema, run

QUERY_ARN = "arn:aws:lambda:us-east-1:123456789012:function:query:live"
FUNCTIONS = (COMMAND, QUERY, PROJECTOR, WARMER)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the handlers that may be edited."""
    shutil.copytree(ROOT / "handlers", tmp_path / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def contents(function: str, root: Path, runtime: str = DEFAULT) -> bytes:
    """Return all that the archive's hash depends on: names and contents."""
    return zip_bytes(contents_of(entry_of(function), root, runtime))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_pulumi_gets_what_a_zip_would_hold_file_by_file(function: str, project: Path, own_runtime: str) -> None:
    assets = cast("dict[str, Any]", archive_of(function, own_runtime, project).assets)
    given = {
        name: Path(asset.path).read_bytes() if isinstance(asset, pulumi.FileAsset) else asset.text.encode()
        for name, asset in assets.items()
    }
    assert given == contents_of(entry_of(function), project, own_runtime)
    files = {name for name, asset in assets.items() if isinstance(asset, pulumi.FileAsset)}
    assert files == {name for name in assets if name.endswith(".pyc")}
    assert byte_code_name(f"handlers/{function}.py") in files
    deployed = graph(EVERYTHING).one("Function", f"{function}-function").inputs["code"]
    assert [name for name in deployed if not name.endswith(".pyc")] == sorted(set(assets) - files)


def test_the_files_are_named_alike_on_every_machine(
    project: Path, own_runtime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulumi compares contents alone, and keeps the names in its state."""
    paths: list[dict[str, str]] = []
    for folder in (project, project / "elsewhere"):
        if folder != project:
            shutil.copytree(project / "handlers", folder / "handlers")
        monkeypatch.chdir(folder)
        assets = cast("dict[str, Any]", archive_of(WARMER, own_runtime, folder).assets)
        paths.append({name: asset.path for name, asset in assets.items() if isinstance(asset, pulumi.FileAsset)})
    assert paths[0] == paths[1]
    assert all(path.startswith("build/bytecode/") for path in paths[0].values())


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_handler_is_in_the_archive(function: str) -> None:
    module, _, attribute = handler_of(function).rpartition(".")
    path = files_of(entry_of(function), ROOT)[f"{module.replace('.', '/')}.py"]
    assert f"\n{attribute} = " in path.read_text(encoding="utf-8")


def test_each_side_leaves_the_others_files_at_home() -> None:
    command, query = (set(files_of(entry_of(function), ROOT)) for function in (COMMAND, QUERY))
    assert {"handlers/snapshots/publish.py", "handlers/ledger/appender.py"} <= command - query
    assert {
        "handlers/reads/sqlite_efs.py",
        "handlers/reads/ddb.py",
        "handlers/openapi/description.py",
    } <= query - command
    assert not any("ulid" in name for name in query)
    assert any(name.startswith("ulid/") for name in command)


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("snapshots/publish.py", {COMMAND, PROJECTOR}),
        ("command.py", {COMMAND}),
        ("projector.py", {PROJECTOR}),
        ("reads/sqlite_efs.py", {QUERY}),
        ("reads/ddb.py", {QUERY}),
        ("rows.py", {COMMAND, QUERY, PROJECTOR}),
        ("warmer.py", {WARMER}),
        ("settings.py", {*FUNCTIONS}),
    ],
)
def test_an_edit_changes_the_functions_that_import_the_file_and_no_other(
    edited: str, changes: set[str], project: Path
) -> None:
    before = {function: contents(function, project) for function in FUNCTIONS}
    with (project / "handlers" / edited).open("a", encoding="utf-8") as file:
        file.write("# edited\n")
    after = {function: contents(function, project) for function in FUNCTIONS}
    assert {function for function in before if before[function] != after[function]} == changes


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """Return a folder with all that Lambda has beside the standard library; on Python 3.11 one module more."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    for name in ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six", "typing_extensions"):
        spec = find_spec(name)
        assert spec
        assert spec.origin
        origin = Path(spec.origin)
        origin = origin.parent if origin.name == "__init__.py" else origin
        (folder / origin.name).symlink_to(origin)
    return folder


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_function_starts_from_its_archive_alone_and_loads_what_is_there_as_byte_code(
    function: str, tmp_path: Path, runtime: Path, own_runtime: str
) -> None:
    (tmp_path / "archive.zip").write_bytes(contents(function, ROOT, own_runtime))
    with zipfile.ZipFile(tmp_path / "archive.zip") as archive:
        archive.extractall(tmp_path / "task")
        shipped = [name for name in archive.namelist() if name.endswith(".pyc")]
    program = """if True:
        import importlib, sys
        sys.path[:0] = sys.argv[2:]
        importlib.import_module(sys.argv[1]).handler
        print(*[module.__cached__ for module in list(sys.modules.values()) if getattr(module, "__cached__", None)])
    """
    command = [sys.executable, "-I", "-S", "-c", program, entry_of(function), str(tmp_path / "task"), str(runtime)]
    environ = {"TABLE_NAME": "table", "AWS_REGION": "us-east-1", "FUNCTION_ARN": QUERY_ARN, "SANDBOXES": "1"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    task = f"{tmp_path / 'task'}/"
    assert sorted(name.removeprefix(task) for name in done.stdout.split() if name.startswith(task)) == shipped


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_not_code_changes_nothing(function: str, project: Path) -> None:
    before = contents(function, project)
    (project / "handlers" / "__pycache__").mkdir()
    (project / "handlers" / "__pycache__" / "query.cpython-313.pyc").write_bytes(b"old")
    (project / "handlers" / "stray.db").write_bytes(b"data")
    for path in project.rglob("*.py"):
        path.touch()
    assert contents(function, project) == before


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_file_has_the_line_ends_of_another_system(function: str) -> None:
    for name, path in files_of(entry_of(function), ROOT).items():
        assert b"\r\n" not in path.read_bytes(), name


@pytest.mark.parametrize(
    ("text", "message"), [("import gone\n", "rows.py imports gone"), ("x = (\n", "rows.py, line 1: ")]
)
def test_an_archive_that_cannot_be_made_stops_the_program_with_one_sentence(
    text: str, message: str, project: Path
) -> None:
    (project / "handlers" / "rows.py").write_text(text, encoding="utf-8")
    with pytest.raises(pulumi.RunError, match=f"^handlers/{message}"):
        archive_of(QUERY, DEFAULT, project)


def test_the_query_functions_archive_is_as_small_as_the_guide_says(own_runtime: str, other_runtime: str) -> None:
    """With byte code some 2 KiB larger on Python 3.11, which runs no function."""
    guide = " ".join((ROOT / "docs" / "deployment.md").read_text(encoding="utf-8").split())
    sizes = re.search(r"query function's archive takes (\d+) KiB with it, (\d+) KiB without", guide)
    assert sizes
    for runtime, said_kib in zip((own_runtime, other_runtime), map(int, sizes.groups()), strict=True):
        assert abs(len(contents(QUERY, ROOT, runtime)) / 1024 - said_kib) <= 6


def test_what_is_left_out_is_said_once_a_program(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(RUNTIMES, DEFAULT, b"none")
    run("dev")
    assert [record.message for record in caplog.records] == [why_without_byte_code(DEFAULT)]


def test_nothing_is_said_where_nothing_is_left_out(own_runtime: str, capsys: pytest.CaptureFixture[str]) -> None:
    warn_without_byte_code(own_runtime)
    assert capsys.readouterr().err == ""


def test_the_setting_and_the_guide_name_the_default_and_the_cost() -> None:
    setting = project_schema()["runtime"]
    assert setting["default"] == DEFAULT
    for text in (setting["description"], (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")):
        assert COST in " ".join(text.split())
        assert all(runtime in text for runtime in RUNTIMES)
