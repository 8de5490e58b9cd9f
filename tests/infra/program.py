"""The project's program, run under the recorder with a stack's own configuration."""

from __future__ import annotations

import json
import runpy
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pulumi import AssetArchive

from infra.compute.archive import archive_of, sources_of
from infra.delivering import file_patterns, infrastructure_hash
from tests.infra.graph import Graph, graph_of

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "lambda-sqlite"
STACKS = ("dev", "prod", "local")
EVERYTHING = "everything"  # a stack for the tests alone, with all that can be switched on
COMPANY = "company"  # an example
FOLDERS = {EVERYTHING: "tests/infra/", COMPANY: "examples/company/"}


def project_schema() -> dict[str, dict[str, Any]]:
    """The configuration's schema as Pulumi.yaml has it."""
    return cast("dict[str, dict[str, Any]]", _yaml("Pulumi.yaml")["config"])


def config_of(stack: str) -> dict[str, str]:
    """Return the configuration that Pulumi hands to the program: the stack's own values over the project's defaults."""
    defaults = {f"{PROJECT}:{key}": entry["default"] for key, entry in project_schema().items() if "default" in entry}
    return {key: text_of(value) for key, value in (defaults | _stack_file(stack)).items()}


def given_of(stack: str) -> set[str]:
    """Return the project's settings that the stack's own file has."""
    return {key for key in _stack_file(stack) if key.startswith(f"{PROJECT}:")}


def _stack_file(stack: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _yaml(f"{FOLDERS.get(stack, '')}Pulumi.{stack}.yaml")["config"])


def run(stack: str = "dev", changes: dict[str, Any] | None = None, code: Path = ROOT, **options: Any) -> Graph:
    """The graph of the whole program; `changes` are settings that differ from the stack's file.

    Args:
        code: the folder that the functions' code comes from.
    """
    more = {key if ":" in key else f"{PROJECT}:{key}": text_of(value) for key, value in (changes or {}).items()}
    program = str(ROOT / "__main__.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infra.stack.archive_of", partial(_archive_of, root=code))
        patch.setattr("infra.stack.sources_of", partial(_sources_of, root=code))
        patch.setattr("infra.relating.sources_of", partial(_sources_of, root=code))
        patch.setattr("archives.contents.wheel_contents", _no_wheels)
        patch.setattr("infra.fronting.page_files", _page_files)
        patch.setattr("infra.delivering.infrastructure_hash", _infrastructure_hash)
        patch.setattr("infra.delivering.file_patterns", _file_patterns)
        return graph_of(lambda: runpy.run_path(program, run_name="__main__"), config_of(stack) | more, stack, **options)


@cache
def graph(stack: str) -> Graph:
    """The graph of a stack as its file configures it."""
    return run(stack)


@cache
def _archive_of(function: str, runtime: str, root: Path) -> AssetArchive:
    """The code does not change while the tests run, and to find what a function imports takes 0.1 s."""
    return archive_of(function, runtime, root)


def _no_wheels(root: Path, runtime: str) -> dict[str, bytes]:
    """The driver of PostgreSQL would have to be downloaded; nothing that is looked at here is in it."""
    return {}


def _page_files() -> dict[str, Path]:
    """Two files of the page stand for all, so that a graph does not change with the page."""
    return {name: ROOT / name for name in ("dashboard/index.html", "dashboard/app.js")}


_sources_of, _infrastructure_hash, _file_patterns = cache(sources_of), cache(infrastructure_hash), cache(file_patterns)


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, of which YAML's own loader takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [cast("str", key.value) for key, _ in node.value]
        assert len({*keys}) == len(keys), f"twice: {sorted(key for key in {*keys} if keys.count(key) > 1)}"
        return super().construct_mapping(node, deep)


@cache
def _yaml(name: str) -> dict[str, Any]:
    return read_yaml((ROOT / name).read_text(encoding="utf-8"))


def read_yaml(text: str) -> dict[str, Any]:
    """Return what a file of Pulumi's says; no key may stand in it twice."""
    return cast("dict[str, Any]", yaml.load(text, _StrictLoader))


def text_of(value: object) -> str:
    """Return a setting's value as Pulumi hands it to a program."""
    return value if isinstance(value, str) else json.dumps(value)
