from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from console.errors import ConsoleError
from console.paths import ROOT
from console.recovery.names import ask_names, names_from_outputs
from tests.console.recovery.production import OUTPUTS, PROD


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name, first on PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "pulumi"


def write(program: Path, script: str) -> None:
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_the_names_are_those_of_the_stacks_outputs(pulumi: Path) -> None:
    write(pulumi, f'[ "$*" = "stack output --json --non-interactive --stack prod" ] && echo \'{json.dumps(OUTPUTS)}\'')
    assert ask_names("prod") == PROD
    assert (PROD.region, PROD.restored_table) == ("us-east-1", "lambda-sqlite-prod-ledger-restored")


def test_a_stack_that_pulumi_does_not_know(pulumi: Path) -> None:
    write(pulumi, "echo 'error: no stack named shop found' >&2; exit 1")
    with pytest.raises(ConsoleError, match="no outputs of shop: error: no stack named shop found"):
        ask_names("shop")


def test_no_pulumi(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    with pytest.raises(ConsoleError, match="no pulumi on PATH"):
        ask_names("prod")


def test_a_pulumi_that_does_not_answer(pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("pulumi", 10.0)

    write(pulumi, "true")
    monkeypatch.setattr("subprocess.run", hang)
    with pytest.raises(ConsoleError, match="does not answer"):
        ask_names("prod")


@pytest.mark.parametrize("line", ["name: shop", "name: 'shop'", 'name:  "shop"  # ours'])
def test_the_project_is_named_by_its_file(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert PROD.project == "lambda-sqlite"
    project_file = tmp_path / "Pulumi.yaml"
    project_file.write_text((ROOT / "Pulumi.yaml").read_text().replace("name: lambda-sqlite", line))
    monkeypatch.setattr("console.recovery.names.PROJECT_FILE", project_file)
    shop = names_from_outputs("prod", OUTPUTS)
    assert shop.project == "shop"
    assert shop.selection_urn.startswith("urn:pulumi:prod::shop::")


def test_a_projects_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "Pulumi.yaml").write_text("runtime:\n  name: python\n")
    monkeypatch.setattr("console.recovery.names.PROJECT_FILE", tmp_path / "Pulumi.yaml")
    with pytest.raises(ConsoleError, match="has no name"):
        names_from_outputs("prod", OUTPUTS)


@pytest.mark.parametrize("name", ["table_name", "projector_function"])
def test_an_output_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(ConsoleError, match=f"no output {name}"):
        names_from_outputs("prod", {key: value for key, value in OUTPUTS.items() if key != name})
