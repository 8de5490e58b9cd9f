"""docs/your-data.md does what it says: with its rows.py in place of ours, and nothing else changed, all works.

The project's own tests do too, but for those that are about the shipped column.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from console.local.emulator import Emulator

ROOT = Path(__file__).parent.parent
NOT_CLOSED = "ignore:unclosed database:ResourceWarning"  # a sandbox keeps its connections until it ends
PAGE = ROOT / "docs" / "your-data.md"
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
ABOUT_IT = "handlers/test_rows.py"
SOME_TESTS = (  # each room whose tests make rows, and those of its files that take little time
    "handlers/api/test_insert.py",
    "handlers/api/test_read.py",
    "handlers/api/test_request.py",
    "handlers/benchmark/test_lanes.py",
    "handlers/openapi/test_description.py",
    "handlers/reads/test_paths_agree.py",
    "handlers/test_command.py",
    "faults/test_bad_requests.py",
    "faults/test_other_histories.py",
    "console/benchmark/test_data.py",
    "console/data/test_agreement.py",
    "console/data/test_loading.py",
    "perf/test_reads.py",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with the page's data model."""
    (model,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    folder = tmp_path / "project"
    shutil.copytree(ROOT, folder, ignore=LEFT_BEHIND)
    (folder / "handlers" / "rows.py").write_text(model)
    return folder


def run(project: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy. It does not inherit the environment: coverage would measure the copies."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=inherited | environ, cwd=project, check=False, capture_output=True, text=True)


def test_changing_the_data_model_alone_is_enough(project: Path, environ: dict[str, str], emulator: Emulator) -> None:
    strict = ("-W", "error", "-W", NOT_CLOSED)
    finished = run(project, *strict, "-m", "tests.support.weather", **(emulator.environment | environ))
    assert finished.stdout == "agreed\n", finished.stderr
    assert finished.stderr == ""


def test_tests_that_are_not_about_the_shipped_column_stay_green(project: Path) -> None:
    described = run(project, "-m", "console.documents", "docs/openapi.yaml", "docs/benchmark.schema.json")  # make docs
    assert described.returncode == 0, described.stderr
    paths = [str(Path("tests", path)) for path in (ABOUT_IT, *SOME_TESTS)]
    finished = run(project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", *paths)
    failed = set(re.findall(r"^(?:FAILED|ERROR) ([^:\s]+)", finished.stdout, re.MULTILINE))
    assert failed == {f"tests/{ABOUT_IT}"}, finished.stdout[-20_000:]
    assert int(re.findall(r"(\d+) passed", finished.stdout)[0]) > 500


def test_the_page_keeps_the_rules_of_the_code(project: Path) -> None:
    model = project / "handlers" / "rows.py"
    settings = ["--config", str(ROOT / "pyproject.toml"), str(model)]
    for arguments in (["check", "--no-cache", "--ignore", "I001"], ["format", "--check", "--no-cache"]):
        ruff = [sys.executable, "-m", "ruff", *arguments, *settings]
        finished = subprocess.run(ruff, check=False, capture_output=True, text=True)
        assert finished.returncode == 0, finished.stdout


def test_the_page_names_what_a_data_model_has(project: Path) -> None:
    """Every name of our own rows.py, so that nobody who follows the page misses one."""
    defined = r"^(?:def )?(\w+)(?:\(| = |: .* = )"
    ours = set(re.findall(defined, (ROOT / "handlers" / "rows.py").read_text(), re.MULTILINE))
    theirs = set(re.findall(defined, (project / "handlers" / "rows.py").read_text(), re.MULTILINE))
    assert ours - theirs == set()
