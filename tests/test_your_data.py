"""docs/your-data.md does what it says: with its rows.py in place of ours, and nothing else changed, all works."""

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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the functions with the page's data model."""
    (model,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "handlers", folder / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "handlers" / "rows.py").write_text(model)
    return folder


def test_changing_the_data_model_alone_is_enough(project: Path, environ: dict[str, str], emulator: Emulator) -> None:
    # Not the caller's environment: coverage would measure the copies.
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    path = {"PYTHONPATH": os.pathsep.join(map(str, (project, ROOT))), "PYTHONSAFEPATH": "1"}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-W", NOT_CLOSED, "-m", "tests.support.weather"],
        env={**inherited, **emulator.environment, **environ, **path},
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
    )
    assert finished.stdout == "agreed\n", finished.stderr
    assert finished.stderr == ""


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
