"""The documents: everything there is is in them, and everything in them is there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from typer.main import get_command

from console.cli import app
from console.install import PURPOSES
from handlers.routes import ROUTES
from handlers.settings import MOST_WARM, VARIABLES
from tests.support.documents import FENCE, typed_lines

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = {name for line in re.findall(r"^([\w -]+):(?!=)", MAKEFILE, re.MULTILINE) for name in line.split()}
GROUP: Any = get_command(app)  # typer's own type does not say that it has commands
VERBS: dict[str, Any] = {
    f"{verb} {sub}".strip(): command
    for verb, group in GROUP.commands.items()
    for sub, command in getattr(group, "commands", {"": group}).items()
}
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
CURRENT = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]  # which speaks of what was, too
STACK: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def code(path: Path) -> Iterator[str]:
    """The lines of a document that are code: those in fences, and what stands in backquotes."""
    text = path.read_text(encoding="utf-8")
    yield from typed_lines(text)
    yield from (re.sub(r"\s+", " ", span) for span in re.findall(r"`([^`]+)`", FENCE.sub("", text)))


def commands(beginning: str) -> list[Any]:
    """What follows a command's first words in every document, with the document it is in."""
    return [
        pytest.param(match[1], id=f"{path.name}: {match[0]}")
        for path in CURRENT
        for line in code(path)
        for match in re.finditer(rf"(?:^|\s|/){beginning} ((?:(?! {{2,}}|[;|&]).)*)", line)
    ]


# Everything there is is in them


@pytest.mark.parametrize("target", sorted(TARGETS - {"help"}))
def test_every_target_is_documented(target: str) -> None:
    assert f"| `make {target}` |" in text_of("docs/commands.md")


@pytest.mark.parametrize("name", PURPOSES)
def test_the_packages_of_a_target_are_those_that_are_installed(name: str) -> None:
    said = f"| {PURPOSES[name].packages}, {PURPOSES[name].size_mb} MB |"
    assert re.search(
        rf"^\| `make (install-{name}|demo)` \|.*{re.escape(said)}$", text_of("docs/commands.md"), re.MULTILINE
    )


def test_the_readme_says_what_the_demo_installs() -> None:
    assert f"installs {PURPOSES['run'].packages} packages, {PURPOSES['run'].size_mb} MB" in text_of("README.md")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_is_documented(verb: str) -> None:
    assert f"| `python -m console {verb}" in text_of("docs/commands.md")


@pytest.mark.parametrize("route", [f"{method} {path}" for method, path, _, _ in ROUTES])
def test_every_route_is_documented(route: str) -> None:
    assert f"`{route}`" in text_of("docs/api.md")


@pytest.mark.parametrize(("name", "default"), VARIABLES)
def test_every_variable_of_the_functions_is_documented_with_its_default(name: str, default: str) -> None:
    shown = f"`{default}`" if default else ""
    assert re.search(rf"^\| `{name}` \| {re.escape(shown)}", text_of("docs/settings.md"), re.MULTILINE)


def test_so_many_sandboxes_are_kept_warm_as_the_documents_say() -> None:
    assert f"are kept warm, 1 to {MOST_WARM} |" in text_of("docs/settings.md")
    assert f"kept warm, at most {MOST_WARM}," in STACK["warmSandboxes"]["description"]


@pytest.mark.parametrize("name", sorted(re.findall(r"^([A-Z_]+) \?=", MAKEFILE, re.MULTILINE)))
def test_every_variable_of_make_is_documented_with_its_default(name: str) -> None:
    (default,) = re.findall(rf"^{name} \?= (.*)$", MAKEFILE, re.MULTILINE)
    assert f"| `{name}` | `{default}` |" in text_of("docs/settings.md")


@pytest.mark.parametrize("name", sorted(STACK))
def test_every_setting_of_the_stack_says_what_it_does(name: str) -> None:
    assert len(STACK[name]["description"]) > 10


def test_every_document_is_linked_from_the_readme() -> None:
    linked = {(ROOT / target).resolve() for target in re.findall(r"\]\((?!http)([^)#]+)", text_of("README.md"))}
    assert {path for path in DOCUMENTS if path.name != "README.md"} <= linked


def test_the_readme_stays_short() -> None:
    assert len(text_of("README.md").splitlines()) <= 150


# Everything in them is there


@pytest.mark.parametrize("words", commands("make"))
def test_a_target_in_a_document_exists(words: str) -> None:
    assert next(word for word in shlex.split(words) if "=" not in word) in TARGETS


@pytest.mark.parametrize("words", commands("python3? -m console"))
def test_a_verb_in_a_document_exists_with_its_options(words: str) -> None:
    if words.startswith("<verb>"):
        return
    verb = next((verb for verb in VERBS if f"{words} ".startswith(f"{verb} ")), None)
    assert verb is not None
    options = {option for parameter in VERBS[verb].params for option in (*parameter.opts, *parameter.secondary_opts)}
    arguments = shlex.split(words.removeprefix(verb))
    used = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
    assert used <= options | {"--help"}


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_has_help(verb: str) -> None:
    with pytest.raises((SystemExit, typer.Exit)) as stopped:
        GROUP.main([*verb.split(), "--help"], prog_name="console", standalone_mode=True)
    assert getattr(stopped.value, "code", 0) in (0, None)


@pytest.mark.parametrize("words", commands("python3? -m"))
def test_a_module_in_a_document_exists(words: str) -> None:
    path = ROOT.joinpath(*words.split(maxsplit=1)[0].split("."))
    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_the_documents_have_commands() -> None:
    """Or the tests above would pass whatever they say."""
    assert len(commands("make")) > 20
    assert len(commands("python3? -m console")) > 20


def links(document: Path) -> list[tuple[str, str]]:
    """The links to files of the project, and to headings in them."""
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.findall(r"\]\((?!http)([^)#]*)(#[^)]*)?\)", text)


def test_the_documents_have_links() -> None:
    assert sum(len(links(document)) for document in DOCUMENTS) > 50
    assert sum(bool(anchor) for document in DOCUMENTS for _, anchor in links(document)) > 5


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_the_documents_lead_somewhere(document: Path) -> None:
    for target, anchor in links(document):
        file = document.parent / target if target else document
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}{anchor}"


def anchors(file: Path) -> set[str]:
    """The anchors that GitHub gives a document's headings."""
    headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
