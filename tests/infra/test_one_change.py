"""A change of one file, and all that deploying it changes: the diff of two graphs, and of their archives."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pulumi
import pytest

from archives.runtimes import DEFAULT
from handlers.routes import COMMAND, PROJECTOR, QUERY, WARMER
from infra.compute.archive import archive_of
from infra.naming import SOURCES_TAG
from tests.infra.graph import Graph
from tests.infra.program import ROOT, run

FUNCTIONS = (COMMAND, QUERY, PROJECTOR, WARMER)
WITH_ALL = {"warmSandboxes": 1}


@pytest.fixture(scope="module")
def before() -> Graph:
    return run("dev", WITH_ALL)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    shutil.copytree(ROOT / "handlers", tmp_path / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    yield tmp_path


def texts(function: str, root: Path) -> dict[str, str]:
    """The sources of an archive as Pulumi is handed them."""
    assets = cast("dict[str, Any]", archive_of(function, DEFAULT, root).assets)
    return {name: asset.text for name, asset in assets.items() if isinstance(asset, pulumi.StringAsset)}


@pytest.mark.parametrize(
    ("name", "functions"),
    [
        ("handlers/reads/page.py", {QUERY}),
        ("handlers/ledger/appender.py", {COMMAND}),
        ("handlers/snapshots/publish.py", {COMMAND, PROJECTOR}),
    ],
)
def test_a_change_of_one_file_changes_the_functions_that_import_it_and_nothing_else(
    before: Graph, copy: Path, name: str, functions: set[str]
) -> None:
    with (copy / name).open("a", encoding="utf-8") as file:
        file.write("\nADDED = 1\n")
    after = run("dev", WITH_ALL, code=copy)
    assert [node.urn for node in after.nodes] == [node.urn for node in before.nodes]
    pairs = zip(before.nodes, after.nodes, strict=True)
    differing = {
        new.name: {key for key in new.inputs if new.inputs[key] != old.inputs[key]} for old, new in pairs if old != new
    }
    assert differing == {f"{function}-function": {"tags"} for function in functions}
    for function in functions:
        old, new = (seen.one("Function", f"{function}-function").at("tags") for seen in (before, after))
        assert {key for key in new if old[key] != new[key]} == {SOURCES_TAG}
    of_functions = [seen.outputs["manifest"]["functions"] for seen in (before, after)]
    assert {function for function in FUNCTIONS if of_functions[0][function] != of_functions[1][function]} == functions
    for function in FUNCTIONS:
        old, new = texts(function, ROOT), texts(function, copy)
        assert {file for file in old | new if old.get(file) != new.get(file)} == (
            {name} if function in functions else set()
        )


def test_a_change_of_what_only_people_read_changes_nothing(before: Graph, copy: Path) -> None:
    path = copy / "handlers" / "reads" / "page.py"
    path.write_text(path.read_text(encoding="utf-8").replace('"""', '"""Well: ', 1), encoding="utf-8")
    assert run("dev", WITH_ALL, code=copy) == before
    assert texts(QUERY, copy) == texts(QUERY, ROOT)
