"""The scripts of the builds, run by a shell with stand-ins for Pulumi and the console."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from archives.runtimes import DEFAULT
from console.verbs.delivery import changed
from infra.delivery import build
from infra.delivery.build import CODES, PULUMI, function_build, infrastructure_build
from tests.infra.program import ROOT

CONSOLE = """#!/bin/sh
# .venv/bin/python -m console VERB ...
echo "console $*" | sed 's/-m console //' >> "$CALLS"
case "$*" in
  *"--function infrastructure"*) exit "$INFRASTRUCTURE_CODE" ;;
  *changed*) exit "$CHANGED_CODE" ;;
  *rollout*) exit "$ROLLOUT_CODE" ;;
esac
"""
PULUMI_PROGRAM = """#!/bin/sh
echo "pulumi $*" >> "$CALLS"
left=$(cat "$LOCKS"); [ "$left" -eq 0 ] || { echo $((left - 1)) > "$LOCKS"; echo "$SAID" >&2; exit 255; }
"""
LOCKED = "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end"


class Builder:
    """A folder with a project, in which a build's script runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / "pulumi").mkdir()
        monkeypatch.setattr(build, "TOOLS", str(folder))
        for path, text in {
            ".venv/bin/python": CONSOLE,
            "pulumi/pulumi": PULUMI_PROGRAM,
            "pulumi/sleep": "#!/bin/sh\n",
        }.items():
            (folder / path).write_text(text, encoding="utf-8")
            (folder / path).chmod(0o755)

    def run(
        self,
        buildspec: str,
        *,
        locks: int = 0,
        said: str = LOCKED,
        codes: dict[str, int] | None = None,
    ) -> tuple[int, list[str]]:
        """Run the build's script; returns its code and what it called."""
        (script,) = json.loads(buildspec)["phases"]["build"]["commands"]
        script = script.replace("/tmp/tools", str(self._folder))
        (self._folder / "locks").write_text(str(locks), encoding="utf-8")
        given = {"infrastructure": 0, "changed": 0, "rollout": 0} | (codes or {})
        environment = {
            "PATH": os.environ["PATH"],
            "CALLS": str(self._folder / "calls"),
            "LOCKS": str(self._folder / "locks"),
            "SAID": said,
            "FUNCTION": "query",
            "PULUMI_STACK": "prod",
            "TARGETS": "",
            **{f"{name.upper()}_CODE": str(code) for name, code in given.items()},
        }
        ran = subprocess.run(
            ["bash", "-c", script], cwd=self._folder, env=environment, capture_output=True, text=True, check=False
        )
        calls = self._folder / "calls"
        return ran.returncode, calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    return Builder(tmp_path, monkeypatch)


ASK = "console changed --against stack:prod --function {} --exit-code"
TARGETS = "--target **::query-function --target **::query-live --target **:Stack::*"
UP = f"pulumi up --yes --skip-preview {TARGETS}"


def test_a_functions_build_deploys_its_function_alone_and_rolls_it_out(builder: Builder) -> None:
    asked = [ASK.format("infrastructure"), ASK.format("query")]
    assert builder.run(function_build(), codes={"changed": 11}) == (
        0,
        [*asked, UP, "console rollout --stack prod --function query"],
    )


@pytest.mark.parametrize(
    ("codes", "calls"), [({"infrastructure": 10}, 1), ({}, 2)], ids=["infrastructure changed", "nothing changed"]
)
def test_it_leaves_a_commit_to_others_or_alone(builder: Builder, codes: dict[str, int], calls: int) -> None:
    code, called = builder.run(function_build(), codes=codes)
    assert (code, len(called)) == (0, calls)
    assert not any("pulumi" in call for call in called)


@pytest.mark.parametrize("codes", [{"infrastructure": 1}, {"changed": 1}, {"changed": 2}])
def test_where_it_cannot_tell_it_fails_and_deploys_nothing(builder: Builder, codes: dict[str, int]) -> None:
    code, called = builder.run(function_build(), codes=codes)
    assert code == 1
    assert not any("pulumi" in call for call in called)


def test_a_rollout_that_goes_back_fails_the_build(builder: Builder) -> None:
    code, called = builder.run(function_build(), codes={"changed": 11, "rollout": 3})
    assert (code, called[-1]) == (3, "console rollout --stack prod --function query")


def test_it_waits_for_another_deployment_and_for_nothing_else(builder: Builder) -> None:
    code, called = builder.run(function_build(), codes={"changed": 11}, locks=2)
    assert (code, called.count(UP)) == (0, 3)
    code, called = builder.run(function_build(), codes={"changed": 11}, locks=1, said="error: access denied")
    assert (code, called.count(UP)) == (1, 4)


def test_the_infrastructures_build_deploys_everything_and_rolls_out_whatever_has_a_new_version(
    builder: Builder,
) -> None:
    code, called = builder.run(infrastructure_build(DEFAULT))
    assert code == 0
    assert [call.rstrip() for call in called] == ["pulumi up --yes --skip-preview", "console rollout --stack prod"]


def test_a_rollout_that_goes_back_fails_the_infrastructures_build(builder: Builder) -> None:
    code, called = builder.run(infrastructure_build(DEFAULT), codes={"rollout": 1})
    assert (code, called[-1]) == (1, "console rollout --stack prod")


def test_the_codes_are_those_of_the_verb() -> None:
    of_the_verb = (changed.NOTHING, changed.ONLY_INFRASTRUCTURE, changed.ONLY_FUNCTIONS, changed.BOTH)
    assert tuple(CODES.values()) == of_the_verb


def test_pulumi_is_the_version_that_the_program_is_made_for() -> None:
    assert f"pulumi=={PULUMI}\n" in (ROOT / "requirements.txt").read_text(encoding="utf-8")


def test_the_python_is_the_images_own_or_said() -> None:
    """Images of Lambda have one, that of the functions; those of EC2 have several."""
    on_lambda, on_ec2 = (
        json.loads(spec)["phases"]["install"] for spec in (function_build(), infrastructure_build(DEFAULT))
    )
    assert "runtime-versions" not in on_lambda
    assert on_ec2["runtime-versions"] == {"python": DEFAULT.removeprefix("python")}
