"""Packages by purpose: what is said of them is what gets installed, and nobody waits without a sign of life."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from console import install
from console.install import PURPOSES, Purpose

ROOT = Path(__file__).parent.parent.parent
NOT_FOR_THE_DEMO = {
    "pulumi",
    "pulumi-aws",
    "pyright",
    "schemathesis",
    "matplotlib",
    "numpy",
    "moto",
    "psycopg",
    "pytest",
}
KNOWN_BY = {"boto3", "moto", "pulumi", "pulumi-aws", "pytest", "pytest-benchmark", "python-ulid"}


def requirements(file: str) -> Iterator[Requirement]:
    for line in (ROOT / file).read_text().splitlines():
        if line.startswith("-r "):
            yield from requirements(line[3:])
        elif line and not line.startswith("#"):
            yield Requirement(line)


def packages(purpose: Purpose) -> dict[str, importlib.metadata.Distribution]:
    """All that a purpose's files lead to, on this machine."""
    found: dict[str, importlib.metadata.Distribution] = {}
    waiting = [requirement for file in purpose.files for requirement in requirements(file)]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        found[name] = importlib.metadata.distribution(name)
        for needed in map(Requirement, found[name].requires or ()):
            extras = requirement.extras or {""}
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return found


@pytest.mark.parametrize("name", PURPOSES)
def test_the_number_and_size_said_are_those_of_the_packages(name: str) -> None:
    """Some packages are for one version of Python alone, and wheels differ by platform: about, not exactly."""
    found = packages(PURPOSES[name])
    files = [file for package in found.values() for file in package.files or () if file.suffix != ".pyc"]
    assert abs(PURPOSES[name].packages - len(found)) <= 3
    assert PURPOSES[name].size_mb == pytest.approx(sum(file.size or 0 for file in files) / 1e6, rel=0.3)


def test_the_demo_needs_no_tools() -> None:
    assert not packages(PURPOSES["run"]).keys() & NOT_FOR_THE_DEMO


def test_the_requirements_are_the_packages_the_project_is_known_by() -> None:
    assert {requirement.name for requirement in requirements("requirements.txt")} == KNOWN_BY


@pytest.mark.parametrize("name", PURPOSES)
def test_every_version_is_pinned(name: str) -> None:
    constraints = {canonicalize_name(line.name) for line in requirements(install.CONSTRAINTS)}
    assert packages(PURPOSES[name]).keys() <= constraints
    for file in ("requirements.txt", *PURPOSES[name].files):
        assert all(re.fullmatch(r"==[\w.]+", str(requirement.specifier)) for requirement in requirements(file))


def test_a_module_is_installed_by_the_smallest_purpose_that_has_it() -> None:
    assert install.purpose_of("matplotlib.figure") == "report"
    assert install.purpose_of("psycopg.rows") == "postgres"
    assert install.purpose_of("yaml") == "dev"
    assert install.purpose_of("typer") == "run"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Collecting botocore<1.44.0,>=1.43.106 (from boto3)", " botocore"),
        ("Collecting moto[dynamodb]==5.2.5 (from -r requirements.txt (line 3))", " moto"),
        ("Collecting six", " six"),
        ("Processing /cache/typing_extensions-4.16.0-py3-none-any.whl (from httpx)", " typing-extensions"),
        ("Installing collected packages: six, idna", "\nUnpacking "),
        ("  Downloading six-1.17.0-py2.py3-none-any.whl (11 kB)", ""),
    ],
)
def test_each_package_shows_by_its_name(line: str, shown: str) -> None:
    assert install.progress(line) == shown


def pip_that_says(lines: str, code: int) -> Callable[[Purpose], list[str]]:
    """A stand-in for pip that prints this and ends with that code."""
    command = [sys.executable, "-c", f"print({lines!r}); raise SystemExit({code})"]

    def pip_command(purpose: Purpose) -> list[str]:
        assert purpose in PURPOSES.values()
        return command

    return pip_command


def test_progress_is_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "Collecting six\nCollecting idna>=2\nInstalling collected packages: six, idna\nSuccessfully installed"
    monkeypatch.setattr(install, "pip_command", pip_that_says(lines, 0))
    assert install.install("run") == 0
    first, names, unpacking, last = capsys.readouterr().out.splitlines()
    assert first == f"Installing what the demo needs: {PURPOSES['run'].packages} packages, about 57 MB"
    assert names == " six idna"
    assert re.fullmatch(r"Unpacking \.+", unpacking)
    assert re.fullmatch(r"Installed in \d+ s", last)


def test_a_dot_a_second_says_that_it_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    waits = iter([False, False, True])
    install.tick(lambda pause_s: next(waits) if pause_s == 1 else True)
    assert capsys.readouterr().out == "..."


def test_what_pip_said_is_shown_when_it_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = "Collecting six\nERROR: No matching distribution found for six"
    monkeypatch.setattr(install, "pip_command", pip_that_says(lines, 3))
    assert install.install("deploy") == 3
    printed = capsys.readouterr().out
    assert "ERROR: No matching distribution found for six" in printed
    assert "Error: pip could not install what deploying needs\nTry: " in printed


def test_pip_is_given_the_files_and_the_constraints() -> None:
    command = install.pip_command(PURPOSES["deploy"])
    assert command[:3] == [sys.executable, "-m", "pip"]
    assert command[-4:] == ["-r", "requirements.txt", "-r", "requirements-run.txt"]
    assert command[command.index("-c") + 1] == "constraints.txt"


@pytest.mark.usefixtures("measured_children")
def test_make_runs_it_as_a_program() -> None:
    """Without an index, and without changing anything: all of it is here, as it runs the tests."""
    environ = {**os.environ, "PIP_NO_INDEX": "1", "PIP_DRY_RUN": "1"}
    command = [sys.executable, "-m", "console.install", "run"]
    finished = subprocess.run(command, cwd=ROOT, env=environ, check=True, capture_output=True, text=True)
    assert re.search(r"Installed in \d+ s\n$", finished.stdout)


def test_installing_needs_nothing_but_the_standard_library() -> None:
    program = "import console.install, sys; print(sorted(console.install.PURPOSES))"
    bare = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"]
    assert subprocess.run(bare, check=True, capture_output=True, text=True).stdout == f"{sorted(PURPOSES)}\n"
