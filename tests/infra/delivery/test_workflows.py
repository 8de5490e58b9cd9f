"""The workflows: pinned, with no more rights than they need, and every command in them exists."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from typer.main import get_command

from archives.manifest import FILES, PROGRAM, ROOMS
from archives.runtimes import DEFAULT
from console.cli import app
from handlers.routes import FUNCTIONS
from infra.delivery.build import PULUMI

ROOT = Path(__file__).resolve().parents[3]
FILES_OF_WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.y*ml"))
# What a job may have beside reading the repository, by workflow.
RIGHTS = {
    "test": {"contents": "read"},
    "preview": {"contents": "read", "id-token": "write", "pull-requests": "write"},
    "deploy": {"contents": "read", "id-token": "write"},
}
ACTIONS = {"actions/checkout", "actions/setup-python", "aws-actions/configure-aws-credentials", "pulumi/actions"}


def workflow(name: str) -> dict[str, Any]:
    text = (ROOT / ".github" / "workflows" / f"{name}.yml").read_text(encoding="utf-8")
    # YAML 1.1 takes `on` for true.
    return {
        ("on" if key is True else key): value for key, value in cast("dict[Any, Any]", yaml.safe_load(text)).items()
    }


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def scripts(name: str) -> str:
    return "\n".join(step["run"] for step in steps(name) if "run" in step)


def test_there_are_these_and_no_others() -> None:
    assert [path.name for path in FILES_OF_WORKFLOWS] == ["deploy.yml", "preview.yml", "test.yml"]


@pytest.mark.parametrize("path", FILES_OF_WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_to_a_commit_whose_version_is_said(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"([\w-]+/[\w-]+)@[0-9a-f]{40} # v\d+\.\d+\.\d+(, .*)?", action), action
        assert action.partition("@")[0] in ACTIONS


@pytest.mark.parametrize("name", RIGHTS)
def test_the_same_action_has_the_same_commit_everywhere(name: str) -> None:
    of_deploy = {step["uses"].partition("@")[0]: step["uses"] for step in steps("deploy") if "uses" in step}
    for step in steps(name):
        if "uses" in step:
            assert of_deploy[step["uses"].partition("@")[0]] == step["uses"]


@pytest.mark.parametrize("name", RIGHTS)
def test_a_job_has_the_rights_that_it_needs_and_no_others(name: str) -> None:
    content = workflow(name)
    for job in content["jobs"].values():
        assert (job.get("permissions") or content["permissions"]) == RIGHTS[name]
    assert content["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize("name", RIGHTS)
def test_what_strangers_send_never_runs_with_rights(name: str) -> None:
    """No `pull_request_target`, no text of theirs in a script, and no token left in the folder that they fill."""
    content = workflow(name)
    assert set(content["on"]) <= {"pull_request", "push", "workflow_dispatch"}
    assert "${{" not in scripts(name)
    checkouts = [step for step in steps(name) if step.get("uses", "").startswith("actions/checkout@")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


@pytest.mark.parametrize("name", RIGHTS)
def test_a_job_ends_by_itself(name: str) -> None:
    assert all(0 < job["timeout-minutes"] <= 90 for job in workflow(name)["jobs"].values())
    assert workflow(name)["concurrency"]["cancel-in-progress"] is (name != "deploy")


def test_deployments_go_one_after_another_behind_an_environment() -> None:
    content = workflow("deploy")
    assert content["concurrency"]["group"] == "deploy"
    assert content["jobs"]["deploy"]["environment"] == "${{ vars.DEPLOY_ENVIRONMENT || 'prod' }}"
    assert content["on"]["push"]["branches"] == ["main"]


def test_a_push_deploys_where_it_touches_what_is_deployed() -> None:
    paths = set(workflow("deploy")["on"]["push"]["paths"])
    assert paths == {"handlers/**", PROGRAM, *FILES, *(f"{room}/**" for room in ROOMS)}


@pytest.mark.parametrize("name", ["preview", "deploy"])
def test_credentials_come_by_openid_connect_and_secrets_by_reference(name: str) -> None:
    (role,) = [step["with"] for step in steps(name) if "configure-aws-credentials" in step.get("uses", "")]
    assert role == {
        "role-to-assume": f"${{{{ vars.AWS_{name.upper()}_ROLE_ARN }}}}",
        "aws-region": "${{ vars.AWS_REGION }}",
    }
    (job,) = workflow(name)["jobs"].values()
    token = {"preview": "PULUMI_PREVIEW_TOKEN", "deploy": "PULUMI_ACCESS_TOKEN"}[name]
    assert job["env"] == {
        "PULUMI_BACKEND_URL": "${{ vars.PULUMI_BACKEND_URL }}",
        "PULUMI_STACK": "${{ vars.PULUMI_STACK }}",
        "PULUMI_CONFIG_PASSPHRASE": "${{ secrets.PULUMI_CONFIG_PASSPHRASE }}",
        "PULUMI_ACCESS_TOKEN": f"${{{{ secrets.{token} }}}}",
    }


def test_a_retry_deploys_and_rolls_out_where_nothing_changed() -> None:
    """The run before may have failed after Pulumi, whose state then says that all is as in the commit."""
    by_name = {step["name"]: step for step in steps("deploy") if "name" in step}
    assert "if" not in by_name["Deploy"]
    assert "if" not in by_name["Roll out"]


@pytest.mark.parametrize(
    ("code", "chosen"),
    [
        (0, ""),
        (10, ""),
        (11, " ".join(f"--function {name}" for name in ("command", "query", "projector", "relational"))),
        (12, ""),
    ],
    ids=["nothing", "infrastructure", "functions", "both"],
)
def test_functions_that_changed_are_rolled_out_or_all(tmp_path: Path, code: int, chosen: str) -> None:
    (script,) = [step["run"] for step in steps("deploy") if step.get("id") == "changed"]
    answer = json.dumps({"exit_code": code, "changed_functions": [*FUNCTIONS]})
    console = tmp_path / ".venv" / "bin" / "python"
    console.parent.mkdir(parents=True)
    console.write_text(f"#!/bin/sh\necho '{answer}'\n", encoding="utf-8")
    console.chmod(0o755)
    output = tmp_path / "output"
    environment = {**os.environ, "GITHUB_OUTPUT": str(output), "PULUMI_STACK": "prod"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert output.read_text(encoding="utf-8") == f"functions={chosen}\n"


def test_the_comment_is_written_whatever_failed_before(tmp_path: Path) -> None:
    (script,) = [step["run"] for step in steps("preview") if step.get("name") == "Comment"]
    gh = tmp_path / "gh"
    gh.write_text("#!/bin/sh\n", encoding="utf-8")
    gh.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "NUMBER": "1", "PULUMI_STACK": "prod"}
    subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, env=environment, capture_output=True, check=True)
    said = (tmp_path / "comment.md").read_text(encoding="utf-8")
    assert said.count("an earlier step failed") == 2


@pytest.mark.parametrize("name", RIGHTS)
def test_versions_are_those_of_the_project(name: str) -> None:
    for step in steps(name):
        given = step.get("with", {})
        assert given.get("pulumi-version", PULUMI) == PULUMI
        assert f"python{given.get('python-version', '3.13')}" == DEFAULT


@pytest.mark.parametrize("name", RIGHTS)
def test_every_target_of_make_exists(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\S+)", scripts(name), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("name", ["preview", "deploy"])
def test_every_verb_exists_with_its_options(name: str) -> None:
    verbs: dict[str, Any] = cast("Any", get_command(app)).commands
    lines = re.findall(r"-m console ([^|)>\n]*)", scripts(name))
    assert lines
    for line in lines:
        verb, *rest = [word for word in shlex.split(line) if word not in ("2", "2&1", "$FUNCTIONS")]
        verbs[verb].make_context(verb, [word.replace("$", "x") for word in rest])  # raises for an unknown option
