"""verify --level full where the table and the segments can be reached, and where they cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from console.data import inside
from console.local.background import BackgroundStack
from console.local.project import project_stack
from console.paths import ENVIRONMENT_FILE, URL_FILE
from tests.console.conftest import RunConsole
from tests.support.drafts import VALUE
from tests.support.local import web
from tests.support.local.faults import FaultyApi, Step, answers

ROWS = 1234
NOT_READ = "The ledger and the segments themselves were not read: no table, no file system, no --function.\n"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    folder = tmp_path_factory.mktemp("inside")
    with BackgroundStack(project_stack(folder, sandboxes=1, check_interval_ms=0)) as running:
        for count in (1000, ROWS - 1000):
            assert web.post(f"{running.url}/insert", json={"count": count}).status_code == 201
        assert web.get(f"{running.url}/query/health").status_code == 200  # its sandbox is there before the tests
        yield running


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TABLE_NAME", "EFS_DIR", "PROJECTOR_FUNCTION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path / "local"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")


def reach(stack: BackgroundStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after `. .local/environment`."""
    for name, value in stack.environment.items():
        monkeypatch.setenv(name, value)


def test_where_nothing_can_be_reached_it_says_so(stack: BackgroundStack, run_console: RunConsole) -> None:
    ran = run_console("verify", "--url", stack.url)
    assert ran.code == 0
    assert ran.out.endswith(NOT_READ)
    result = json.loads(run_console("verify", "--url", stack.url, "--json").out)
    assert (result["is_right"], result["inside"]) == (True, None)


def test_the_environment_leads_inside(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(stack, monkeypatch)
    result = json.loads(run_console("verify", "--url", stack.url, "--json").out)
    found = result["inside"]
    assert (found["bookmark"], found["is_right"], found["fault"]) == (result["bookmark"], True, None)
    health = web.get(f"{stack.url}/command/health").json()
    assert health["verified"]["full"] == found


def test_a_table_without_its_file_system_does_not(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(stack, monkeypatch)
    monkeypatch.setenv("EFS_DIR", "/nowhere")
    assert run_console("verify", "--url", stack.url).out.endswith(NOT_READ)


def test_the_local_stacks_folder_leads_inside(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    (tmp_path / URL_FILE).write_text(f"{stack.url}\n")
    lines = [f"export {name}={value}\n" for name, value in stack.environment.items()]
    (tmp_path / ENVIRONMENT_FILE).write_text("".join(lines))
    ran = run_console("verify", "--url", stack.url)
    assert ran.out.endswith("The whole ledger and every segment in use: pass\n")
    (tmp_path / URL_FILE).write_text("http://127.0.0.1:1\n")
    assert run_console("verify", "--url", stack.url).out.endswith(NOT_READ)


def test_a_local_stack_without_its_file_system_is_told(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    (tmp_path / URL_FILE).write_text(stack.url)
    variables = {**stack.environment, "EFS_DIR": "/nowhere"}
    (tmp_path / ENVIRONMENT_FILE).write_text("".join(f"export {name}={value}\n" for name, value in variables.items()))
    ran = run_console("verify", "--url", stack.url)
    assert (ran.code, ran.err.splitlines()[-2]) == (1, "Error: EFS_DIR is not a folder here")


def test_it_goes_step_by_step(stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    reach(stack, monkeypatch)
    monkeypatch.setattr(inside, "STEP_S", 0.0)
    steps: list[float] = []
    full = inside.Verifier.full

    def counted(self: inside.Verifier, limit_s: float) -> Any:
        steps.append(limit_s)
        found = full(self, limit_s)
        if len(steps) > 2:
            monkeypatch.setattr(inside, "STEP_S", 60.0)
        return found

    monkeypatch.setattr(inside.Verifier, "full", counted)
    assert json.loads(run_console("verify", "--url", stack.url, "--json").out)["inside"]["is_right"] is True
    assert len(steps) > 2


def test_a_row_that_was_changed_in_the_table_is_found(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach(stack, monkeypatch)
    table: Any = boto3.resource("dynamodb").Table(stack.environment["TABLE_NAME"])  # pyright: ignore[reportUnknownMemberType]
    epoch = web.get(f"{stack.url}/command/health").json()["bookmark"].partition(".")[0]
    key = {"pk": f"ledger#{epoch}#1", "sk": 1100}
    before = table.get_item(Key=key)["Item"]
    try:
        table.put_item(Item=before | {VALUE: 4711})
        ran = run_console("verify", "--url", stack.url, "--json")
    finally:
        table.put_item(Item=before)
    assert ran.code == 1
    result = json.loads(ran.out)
    assert result["is_right"] is False
    assert result["inside"]["fault"] == f"The ledger's rows 1 to {ROWS} do not have the hash that the snapshot says"
    assert "ddb (first at seq 1100)" in ran.err


def test_a_fault_inside_alone_is_an_error_too(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = {"bookmark": "1.2", "checked_at": "t", "is_right": False, "fault": "rows are missing"}
    with lambda_api(monkeypatch, answers(200, finding)):
        ran = run_console("verify", "--url", stack.url, "--function", "projector")
    assert ran.code == 1
    assert ran.out.endswith("The whole ledger and every segment in use: FAIL, rows are missing\n")
    assert ran.err.splitlines()[-2:] == [
        "Error: rows are missing",
        "Try: read docs/deployment.md, 'When verification fails'",
    ]


def lambda_api(monkeypatch: pytest.MonkeyPatch, *script: Step) -> FaultyApi:
    """Stand in for Lambda's own API."""
    api = FaultyApi()
    api.script.extend(script)
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "REGION": "local"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "local")
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", api.url)
    return api


def test_the_projector_function_is_asked_until_it_is_done(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = web.get(f"{stack.url}/command/health").json()["bookmark"]
    epoch = head.partition(".")[0]
    done = {"bookmark": head, "checked_at": "t", "is_right": True, "fault": None}
    way = {"goal": head, "reached": f"{epoch}.1000", "segments": 0}
    monkeypatch.setenv("PROJECTOR_FUNCTION", "lambda-sqlite-dev-projector")
    with lambda_api(monkeypatch, answers(200, way), answers(200, done)) as api:
        ran = run_console("verify", "--url", stack.url, "--json")
    assert json.loads(ran.out)["inside"] == done
    asked = [(path, json.loads(body)) for _, path, body in api.seen]
    task = {"task": "verify", "level": "full", "limit_s": inside.STEP_S}
    assert asked == [("/2015-03-31/functions/lambda-sqlite-dev-projector/invocations", task)] * 2


@pytest.mark.parametrize("is_its", [True, False])
def test_the_stacks_output_names_the_function_of_the_stacks_own_api(
    stack: BackgroundStack,
    run_console: RunConsole,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    is_its: bool,
) -> None:
    url = stack.url if is_its else "https://another"
    script = f"test $3 = api_url && echo {url} || echo its-projector"
    (tmp_path / "pulumi").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "pulumi").chmod(0o755)
    head = web.get(f"{stack.url}/command/health").json()["bookmark"]
    with lambda_api(monkeypatch, answers(200, {"bookmark": head, "is_right": True})) as api:
        ran = run_console("verify", "--url", stack.url)
    assert ran.code == 0
    assert ("segment in use: pass" if is_its else NOT_READ) in ran.out
    assert ["its-projector" in path for _, path, _ in api.seen] == [True] * is_its


def test_what_the_function_raises_is_a_finding_or_an_error(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind, message in (("VerificationError", "a hole"), ("OSError", "no space")):
        raised = answers(200, {"errorType": kind, "errorMessage": message}, X_Amz_Function_Error="Unhandled")
        with lambda_api(monkeypatch, raised):
            ran = run_console("verify", "--url", stack.url, "--function", "projector")
        assert ran.code == 1
        assert ran.err.splitlines()[-2] == (
            "Error: a hole" if kind == "VerificationError" else "Error: projector: no space"
        )


def test_a_ledger_that_is_not_the_apis_is_told(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    with lambda_api(monkeypatch, answers(200, {"bookmark": "77.5", "is_right": True})):
        ran = run_console("verify", "--url", stack.url, "--function", "projector")
    assert ran.code == 1
    assert "the one that was read at 77.5: they are two" in ran.err


def test_a_file_system_that_cannot_be_read_is_an_error(
    stack: BackgroundStack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: inside.Verifier, limit_s: float) -> Any:
        raise OSError(5, f"away for {limit_s:g} s")

    reach(stack, monkeypatch)
    monkeypatch.setattr(inside.Verifier, "full", away)
    ran = run_console("verify", "--url", stack.url)
    assert ran.code == 1
    assert "Error: the segments cannot be read now: " in ran.err
