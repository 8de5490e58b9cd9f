"""Make: every target installs what it needs and no more, once."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from console.install import PURPOSES

ROOT = Path(__file__).parent.parent
PURPOSE_OF_TARGET = {
    **dict.fromkeys(("demo", "serve", "install-run"), "run"),
    **dict.fromkeys(("test", "check", "simulate", "format", "docs", "lock"), "dev"),
    **dict.fromkeys(
        (
            *("bench", "bench-code", "bench-runtime", "bench-writes", "bench-load", "bench-libraries", "bench-compare"),
            *("growth", "delivery-time", "screenshots"),
            "bench-edge",
        ),
        "dev",
    ),
    "deploy": "deploy",
    **{f"install-{name}": name for name in PURPOSES},
}


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """An environment that has a Python and nothing else."""
    folder = tmp_path / "venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").touch()
    return folder


def installs(venv: Path, target: str, *variables: str) -> list[str]:
    """The purposes that make would install for a target, without doing it."""
    command = ["make", "--dry-run", f"VENV={venv}", target, *variables]
    planned = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return re.findall(r"-m console\.install (\w+)", planned)


@pytest.mark.parametrize(("target", "purpose"), PURPOSE_OF_TARGET.items())
def test_a_target_installs_what_it_needs(venv: Path, target: str, purpose: str) -> None:
    assert installs(venv, target) == [purpose]


@pytest.mark.parametrize("target", ["demo", "serve"])
def test_postgresql_is_installed_where_it_is_asked_for(venv: Path, target: str) -> None:
    assert installs(venv, target, "POSTGRES=1") == ["postgres"]


@pytest.mark.parametrize(
    ("installed", "sufficient_for"),
    [
        ("run", {"demo"}),
        ("report", {"demo", "install-report"}),
        ("postgres", {"demo", "install-postgres"}),
        ("deploy", {"demo", "install-deploy"}),
        ("dev", {"demo", "install-report", "install-postgres", "install-deploy", "check"}),
    ],
)
def test_what_is_installed_is_not_installed_again(venv: Path, installed: str, sufficient_for: set[str]) -> None:
    marks = make_marks(venv, installed)
    assert installed in marks
    targets = ("demo", "install-report", "install-postgres", "install-deploy", "check")
    assert {target for target in targets if not installs(venv, target)} == sufficient_for


def make_marks(venv: Path, purpose: str) -> set[str]:
    """Run the target with a Python that does nothing; returns the purposes that are then marked as installed."""
    python = venv / "bin" / "python"
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    subprocess.run(["make", f"VENV={venv}", f"install-{purpose}"], cwd=ROOT, check=True, capture_output=True)
    return {mark.name.removeprefix(".") for mark in venv.glob(".*")}


def test_a_change_of_a_version_installs_anew(venv: Path) -> None:
    make_marks(venv, "dev")
    for mark in venv.glob(".*"):
        os.utime(mark, (0, 0))
    assert installs(venv, "demo") == ["run"]
    assert installs(venv, "check") == ["dev"]


def test_every_target_of_the_first_lines_exists() -> None:
    """`make` alone prints them."""
    text = (ROOT / "Makefile").read_text()
    printed = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    listed = set(re.findall(r"^make ([a-z-]+) ", printed, re.MULTILINE))
    (phony,) = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", text, re.MULTILINE)
    assert listed == set(phony.replace("\\", " ").split()) - {"help"}
