from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from console.cli import app
from handlers.routes import ROUTES
from handlers.settings import VARIABLES

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
VERBS = sorted(getattr(get_command(app), "commands"))  # noqa: B009 - typer's group has it, its type does not say so
DOCUMENTS = [path for path in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")) if path.name != "CHANGELOG.md"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_in_the_readme(verb: str) -> None:
    assert f"`python -m console {verb}" in README


@pytest.mark.parametrize("route", [f"{method} {path}" for method, path, _, _ in ROUTES])
def test_every_route_is_in_the_readme(route: str) -> None:
    assert f"`{route}`" in README


@pytest.mark.parametrize(("name", "default"), [(name, default) for name, default, _ in VARIABLES])
def test_every_setting_is_in_the_readme_with_its_default(name: str, default: str) -> None:
    shown = f"`{default}`" if default else ""
    assert re.search(rf"^\| `{name}` \| {re.escape(shown)}", README, re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_commands_in_the_documents_are_those_that_exist(document: Path) -> None:
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.MULTILINE))
    assert made_in(document) <= targets
    assert typed_in(document) <= set(VERBS)


def made_in(document: Path) -> set[str]:
    return set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s]*$|`)", document.read_text(encoding="utf-8"), re.MULTILINE))


def typed_in(document: Path) -> set[str]:
    return set(re.findall(r"-m console ([a-z]+)", document.read_text(encoding="utf-8")))


def links_of(document: Path) -> list[tuple[str, str]]:
    """The links to other documents or within this one: where to, and the heading."""
    return re.findall(r"\]\((?!http)([^)#]*)(#[^)]*)?\)", document.read_text(encoding="utf-8"))


def test_commands_and_links_are_found_in_the_documents() -> None:
    assert {"demo", "serve", "test"} <= set[str]().union(*map(made_in, DOCUMENTS))
    assert {"bench", "report"} <= set[str]().union(*map(typed_in, DOCUMENTS))
    links = [link for document in DOCUMENTS for link in links_of(document)]
    assert len(links) > 10
    assert any(anchor for _, anchor in links)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_the_documents_lead_somewhere(document: Path) -> None:
    for target, anchor in links_of(document):
        file = document.parent / target if target else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, anchor
