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
from infra.delivery.build import CODES, PULUMI, WAITS, function_build, infrastructure_build
from tests.infra.program import ROOT

CONSOLE = """#!/bin/sh
# .venv/bin/python -m console VERB ...
echo "console $*" | sed 's/-m console //' >> "$CALLS"
case "$*" in
  *"--function infrastructure"*)
    left=$(cat "$OTHER"); [ "$left" -eq 0 ] || { echo $((left - 1)) > "$OTHER"; exit 10; }
    [ -z "$NEWER_AFTER_A_LOCK" ] || [ ! -e "$LOCKS.met" ] || exit 10
    exit "$INFRASTRUCTURE_CODE" ;;
  *changed*) [ ! -e "$DEPLOYED" ] || exit 0; exit "$CHANGED_CODE" ;;
  *rollout*) exit "$ROLLOUT_CODE" ;;
esac
"""
PULUMI_PROGRAM = """#!/bin/sh
echo "pulumi $*" >> "$CALLS"
left=$(cat "$LOCKS")
[ "$left" -eq 0 ] || { echo $((left - 1)) > "$LOCKS"; touch "$LOCKS.met"; echo "$SAID" >&2; exit 255; }
touch "$DEPLOYED"
"""
LOCKED = "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end"


class Builder:
    """A folder with a project, in which a build's script runs."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self.said = ""
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
        other: int = 0,
        said: str = LOCKED,
        newer_after_a_lock: bool = False,
        codes: dict[str, int] | None = None,
    ) -> tuple[int, list[str]]:
        """Run the build's script; returns its code and what it called.

        Args:
            locks: how often Pulumi refuses, with what is `said`, before it deploys.
            other: how often the infrastructure differs before it is as in the commit.
            newer_after_a_lock: whether the other deployment brings a newer infrastructure.
            codes: what the console's verbs end with, by name; a function that was deployed is as in the commit.
        """
        (script,) = json.loads(buildspec)["phases"]["build"]["commands"]
        script = script.replace("/tmp/tools", str(self._folder))
        (self._folder / "locks").write_text(str(locks), encoding="utf-8")
        (self._folder / "other").write_text(str(other), encoding="utf-8")
        given = {"infrastructure": 0, "changed": 0, "rollout": 0} | (codes or {})
        environment = {
            "PATH": os.environ["PATH"],
            "CALLS": str(self._folder / "calls"),
            "LOCKS": str(self._folder / "locks"),
            "OTHER": str(self._folder / "other"),
            "DEPLOYED": str(self._folder / "deployed"),
            "NEWER_AFTER_A_LOCK": "yes" if newer_after_a_lock else "",
            "SAID": said,
            "FUNCTION": "query",
            "PULUMI_STACK": "prod",
            "TARGETS": "",
            **{f"{name.upper()}_CODE": str(code) for name, code in given.items()},
        }
        ran = subprocess.run(
            ["bash", "-c", script], cwd=self._folder, env=environment, capture_output=True, text=True, check=False
        )
        self.said = ran.stdout
        calls = self._folder / "calls"
        return ran.returncode, calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    return Builder(tmp_path, monkeypatch)


ASK = "console changed --against stack:prod --function {} --exit-code"
TARGETS = "--target **::query-function --target **::query-live --target **:Stack::*"
ROLLOUT = "console rollout --stack prod --function query"
UP = f"pulumi up --yes --skip-preview {TARGETS}"


def test_a_functions_build_deploys_its_function_alone_and_rolls_it_out(builder: Builder) -> None:
    asked = [ASK.format("infrastructure"), ASK.format("query")]
    assert builder.run(function_build(), codes={"changed": 11}) == (
        0,
        [*asked, UP, "console rollout --stack prod --function query"],
    )


def test_what_is_deployed_already_is_rolled_out_all_the_same(builder: Builder) -> None:
    """A build whose rollout failed is retried: Pulumi has nothing left to do, and the new version is not yet live."""
    assert builder.run(function_build(), codes={"changed": 11, "rollout": 1})[0] == 1
    code, called = builder.run(function_build(), codes={"changed": 11})
    assert (code, called.count(UP), called.count(ROLLOUT)) == (0, 1, 2)


def test_it_waits_for_the_infrastructure_of_the_same_commit(builder: Builder) -> None:
    code, called = builder.run(function_build(), other=2, codes={"changed": 11})
    assert (code, called) == (0, [ASK.format("infrastructure")] * 3 + [ASK.format("query"), UP, ROLLOUT])


def test_without_the_infrastructure_of_its_commit_it_fails_in_a_bounded_time_and_says_why(builder: Builder) -> None:
    code, called = builder.run(function_build(), codes={"infrastructure": 10, "changed": 11})
    assert (code, called) == (1, [ASK.format("infrastructure")] * WAITS)
    assert "retry this stage then" in builder.said


def test_a_newer_infrastructure_that_came_while_it_waited_is_not_overwritten(builder: Builder) -> None:
    code, called = builder.run(function_build(), locks=1, newer_after_a_lock=True, codes={"changed": 11})
    assert (code, called.count(UP)) == (1, 1)
    assert not any("rollout" in call for call in called)


def test_a_deployment_that_never_ends_fails_it(builder: Builder) -> None:
    code, called = builder.run(function_build(), locks=1000, codes={"changed": 11})
    assert (code, called.count(UP)) == (1, WAITS)
    assert "another deployment took too long" in builder.said


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


def test_another_error_of_pulumi_ends_it_at_once(builder: Builder) -> None:
    code, called = builder.run(function_build(), codes={"changed": 11}, locks=1, said="error: access denied")
    assert (code, called.count(UP), called[-1]) == (1, 1, UP)


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
