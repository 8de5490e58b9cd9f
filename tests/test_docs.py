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
    text = document.read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b(?=[`\s]*$|`)", text, re.MULTILINE)) <= targets
    assert set(re.findall(r"-m console ([a-z]+)", text)) <= set(VERBS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_the_documents_lead_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\((?!http)([^)#]*)(#[^)]*)?\)", document.read_text(encoding="utf-8")):
        file = document.parent / target if target else document
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in slugs, anchor
