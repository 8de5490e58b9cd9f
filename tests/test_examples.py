"""The data models in examples/: with one of them in place of handlers/rows.py, and nothing else changed, all works.

The project's own tests say so, which make their rows through the model.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
EXAMPLES = {path.parent.name: path for path in sorted((ROOT / "examples").glob("*/rows.py"))}
LEFT_BEHIND = shutil.ignore_patterns(".*", "__pycache__", "node_modules")
TESTS = (
    "handlers/api/test_insert.py",
    "handlers/api/test_read.py",
    "handlers/lake/test_duckdb.py",
    "handlers/openapi/test_description.py",
    "handlers/postgres/test_paths_agree.py",
    "handlers/reads/test_page.py",
    "handlers/reads/test_paths_agree.py",
    "handlers/reads/test_sqlite_view.py",
    "handlers/sql/test_chain_view.py",
)


def project_with(model: Path, folder: Path) -> Path:
    """Return a copy of the project with another data model."""
    project = folder / "project"
    shutil.copytree(ROOT, project, ignore=LEFT_BEHIND)
    shutil.copy(model, project / "handlers" / "rows.py")
    return project


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the copy. It does not inherit the environment: coverage would measure the copies."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    command = [sys.executable, *arguments]
    return subprocess.run(command, env=inherited, cwd=project, check=False, capture_output=True, text=True)


def test_there_are_examples() -> None:
    assert list(EXAMPLES) == ["products", "weather"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_apis_tests_hold_for_its_columns(name: str, tmp_path: Path) -> None:
    project = project_with(EXAMPLES[name], tmp_path)
    described = run(project, "-m", "console.documents", "docs/openapi.yaml", "docs/benchmark.schema.json")  # make docs
    assert described.returncode == 0, described.stderr
    paths = [str(Path("tests", path)) for path in TESTS]
    finished = run(
        project, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=fewer", "--tb=short", *paths
    )
    assert finished.returncode == 0, finished.stdout[-20_000:]
    assert int(re.findall(r"(\d+) passed", finished.stdout)[0]) > 400
