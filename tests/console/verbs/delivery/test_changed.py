from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from console.changes import deployed
from console.changes.manifests import manifest_in
from console.verbs import package
from console.verbs.delivery import changed
from handlers.routes import FUNCTIONS
from tests.console.changes.repository import PROJECT, commit, fake_pulumi, git, repository, write
from tests.console.conftest import RunConsole

PAGE, SETTINGS = "handlers/reads/page.py", "handlers/settings.py"
Stack = Callable[..., None]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of two functions, which the verbs take for their own."""
    root = repository(tmp_path / "project")
    monkeypatch.setattr(changed, "ROOT", root)
    monkeypatch.setattr(package, "ROOT", root)
    return root


@pytest.fixture
def stack(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """Deploy the working tree to stacks: what `pulumi stack output manifest` gives from then on."""
    path = os.environ["PATH"]

    def deploy(*names: str, error: str = "", **change: object) -> None:
        manifest = manifest_in(repo, str(change.get("stack", "")))
        content = {
            "functions": {name: part.hash for name, part in manifest.functions.items()},
            "infrastructure": manifest.infrastructure.hash,
        } | change
        folder = fake_pulumi(tmp_path / f"bin{len(list(tmp_path.iterdir()))}", dict.fromkeys(names, content), error)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{path}")

    return deploy


def parts(out: str) -> dict[str, Any]:
    """The parts that differ, with their files."""
    return {name: part["files"] for name, part in json.loads(out)["parts"].items() if part["is_changed"]}


def test_nothing_has_changed(repo: Path, run_console: RunConsole) -> None:
    commit(repo, {"README.md": "more"})
    ran = run_console("changed", "--against", "HEAD~1", "--exit-code")
    assert ran == (0, "unchanged: command, query, infrastructure\n", "")


def test_a_file_of_one_function(repo: Path, run_console: RunConsole) -> None:
    write(repo, {PAGE: "SIZE = 2\n", "handlers/reads/more.py": "", "handlers/query.py": "import handlers.reads.more\n"})
    ran = run_console("changed", "--against", "HEAD")
    assert (ran.code, ran.err) == (0, "")
    headline, *lines, same = ran.out.splitlines()
    assert headline.startswith("query: ")
    assert lines == ["  + handlers/reads/more.py", "  ~ handlers/query.py", f"  - {PAGE}", f"  - {SETTINGS}"]
    assert same == "unchanged: command, infrastructure"


@pytest.mark.parametrize(
    ("files", "code", "functions"),
    [
        ({}, 0, []),
        ({"Pulumi.yaml": "name: other\n"}, 10, []),
        ({"infra/stack.py": "TIMES = 2\n"}, 10, []),
        ({PAGE: "SIZE = 2\n"}, 11, ["query"]),
        ({SETTINGS: "SWITCH = 2\n"}, 12, ["command", "query"]),
    ],
    ids=["nothing", "configuration", "infrastructure", "function", "both"],
)
def test_the_exit_code_says_what_kind_of_change_it_is(
    repo: Path, run_console: RunConsole, files: dict[str, str], code: int, functions: list[str]
) -> None:
    write(repo, files)
    ran = run_console("changed", "--against", "HEAD", "--exit-code", "--json")
    content = json.loads(ran.out)
    assert (ran.code, content["exit_code"], content["changed_functions"]) == (code, code, functions)
    assert content["against"] == {"kind": "revision", "name": "HEAD"}
    assert run_console("changed", "--against", "HEAD").code == 0


@pytest.mark.parametrize(("part", "code"), [("query", 11), ("command", 0), ("infrastructure", 0)])
def test_one_part_alone(repo: Path, run_console: RunConsole, part: str, code: int) -> None:
    write(repo, {PAGE: "SIZE = 2\n"})
    ran = run_console("changed", "--against", "HEAD", "--function", part, "--exit-code", "--json")
    assert (ran.code, list(json.loads(ran.out)["parts"])) == (code, [part])


def test_a_part_that_there_is_not(repo: Path, run_console: RunConsole) -> None:
    ran = run_console("changed", "--against", "HEAD", "--function", "worker")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "Error: --function: got 'worker', allowed: command or query or infrastructure",
        "Try: --function command",
    ]


def test_a_function_that_came_and_one_that_went(repo: Path, run_console: RunConsole) -> None:
    write(repo, {"handlers/warmer.py": ""})
    (repo / "handlers" / "command.py").unlink()
    ran = run_console("changed", "--against", "HEAD")
    assert "warmer: new\n  + handlers/__init__.py\n  + handlers/warmer.py\n" in ran.out
    assert f"command: removed\n  - handlers/__init__.py\n  - handlers/command.py\n  - {SETTINGS}\n" in ran.out


def test_against_the_manifest_that_package_wrote(repo: Path, run_console: RunConsole, tmp_path: Path) -> None:
    write(repo, {f"handlers/{name}.py": "" for name in FUNCTIONS if name not in ("command", "query")})
    assert run_console("package", "--out", str(tmp_path / "build")).code == 0
    file = tmp_path / "build" / "manifest.json"
    assert {"runtime", "has_byte_code", "archives", "functions", "infrastructure"} < set(json.loads(file.read_text()))
    assert run_console("changed", "--against", str(file), "--exit-code").code == 0
    write(repo, {PAGE: "SIZE = 2\n"})
    ran = run_console("changed", "--against", str(file), "--json", "--exit-code")
    assert ran.code == 11
    assert parts(ran.out) == {"query": {"added": [], "changed": [PAGE], "removed": []}}
    assert json.loads(ran.out)["against"] == {"kind": "file", "name": str(file)}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 99}'])
def test_a_file_that_is_no_manifest(repo: Path, run_console: RunConsole, tmp_path: Path, content: str) -> None:
    file = tmp_path / "manifest"
    file.write_text(content, encoding="utf-8")
    ran = run_console("changed", "--against", str(file))
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"Error: {file} is no manifest of this version\nTry: ")


def test_a_file_that_is_not_there(repo: Path, run_console: RunConsole) -> None:
    ran = run_console("changed", "--against", "gone.json")
    assert (ran.code, ran.err.splitlines()[0]) == (1, "Error: gone.json cannot be read: No such file or directory")


def test_against_a_stack_the_files_come_from_the_commit_that_was_deployed(
    repo: Path, stack: Stack, run_console: RunConsole
) -> None:
    stack("", "prod")
    commit(repo, {PAGE: "SIZE = 2\n"})
    commit(repo, {PAGE: "SIZE = 3\n"})
    for name in ("stack", "stack:prod"):
        ran = run_console("changed", "--against", name, "--json", "--exit-code")
        assert (ran.code, ran.err) == (11, "")
        assert parts(ran.out) == {"query": {"added": [], "changed": [PAGE], "removed": []}}
        assert json.loads(ran.out)["against"] == {"kind": "stack", "name": name.partition(":")[2]}


def test_what_was_deployed_before_it_was_committed_is_seen_to_differ(
    repo: Path, stack: Stack, run_console: RunConsole
) -> None:
    write(repo, {PAGE: "SIZE = 2\n"})
    stack("")
    commit(repo, {"handlers/command.py": "def broken(:\n"})
    commit(repo, {PAGE: "SIZE = 3\n", "handlers/command.py": PROJECT["handlers/command.py"]})
    ran = run_console("changed", "--against", "stack", "--exit-code")
    assert (ran.code, ran.err) == (11, "")
    assert "which files is not known" in ran.out
    assert parts(run_console("changed", "--against", "stack", "--json").out) == {"query": None}


def test_a_function_that_the_stack_does_without_is_left_out(repo: Path, stack: Stack, run_console: RunConsole) -> None:
    stack("")
    write(repo, {"handlers/warmer.py": ""})
    ran = run_console("changed", "--against", "stack", "--exit-code")
    assert (ran.code, ran.out) == (0, "unchanged: command, query, infrastructure\n")


def test_a_stack_that_is_up_to_date_needs_no_history(
    repo: Path, stack: Stack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack("")
    looked: list[Path] = []
    monkeypatch.setattr(deployed, "latest_commits", lambda root, _count: looked.append(root))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    assert run_console("changed", "--against", "stack", "--exit-code").code == 0
    assert looked == []


def test_a_stack_without_a_manifest(repo: Path, stack: Stack, run_console: RunConsole) -> None:
    stack("", error="\\nerror: current stack does not have output property manifest\\n\\n")
    ran = run_console("changed", "--against", "stack:old")
    assert (ran.code, ran.out) == (1, "")
    said = "Error: pulumi stack output manifest: current stack does not have output property manifest"
    assert ran.err.splitlines()[0] == said
    stack("", error="")
    assert "it ended without a word" in run_console("changed", "--against", "stack:old").err


def test_a_manifest_of_another_version(repo: Path, stack: Stack, run_console: RunConsole) -> None:
    stack("", functions=3)
    ran = run_console("changed", "--against", "stack")
    assert ran.code == 1
    assert ran.err.startswith("Error: the stack's output manifest is not what this version writes: {")


def test_pulumi_is_not_there_or_does_not_answer(
    repo: Path, stack: Stack, run_console: RunConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack("")
    monkeypatch.setattr(deployed, "PULUMI_TIMEOUT_S", 0.0)
    assert "pulumi stack output did not answer in 0 s" in run_console("changed", "--against", "stack").err
    monkeypatch.setattr("shutil.which", dict[str, str]().get)
    assert run_console("changed", "--against", "stack").err.startswith("Error: pulumi is not installed\nTry: ")


def test_code_that_cannot_be_packaged(repo: Path, run_console: RunConsole) -> None:
    write(repo, {PAGE: "def broken(:\n"})
    ran = run_console("changed", "--against", "HEAD")
    assert (ran.code, ran.err.splitlines()[0]) == (1, f"Error: {PAGE}, line 1: invalid syntax")
    git(repo, "commit", "--quiet", "--all", "--message", "broken")
    write(repo, {PAGE: "SIZE = 1\n"})
    assert "Try: another revision" in run_console("changed", "--against", "HEAD").err


def test_against_a_stack_the_configuration_of_others_changes_nothing(
    repo: Path, stack: Stack, run_console: RunConsole
) -> None:
    commit(repo, {"Pulumi.prod.yaml": "", "Pulumi.dev.yaml": ""})
    stack("prod", "", stack="prod")
    write(repo, {"Pulumi.dev.yaml": "config: {}\n"})
    for against in ("stack:prod", "stack"):  # the selected one says its name
        assert run_console("changed", "--against", against, "--exit-code").code == 0
    write(repo, {"Pulumi.prod.yaml": "config: {}\n"})
    ran = run_console("changed", "--against", "stack:prod", "--exit-code")
    assert (ran.code, ran.out.splitlines()[1:]) == (10, ["  ~ Pulumi.prod.yaml", "unchanged: command, query"])


def test_a_manifest_of_a_version_without_the_stacks_name_has_all_configuration(
    repo: Path, stack: Stack, run_console: RunConsole
) -> None:
    commit(repo, {"Pulumi.dev.yaml": ""})
    stack("prod")
    assert run_console("changed", "--against", "stack:prod", "--exit-code").code == 0
    write(repo, {"Pulumi.dev.yaml": "config: {}\n"})
    assert run_console("changed", "--against", "stack:prod", "--exit-code").code == 10
