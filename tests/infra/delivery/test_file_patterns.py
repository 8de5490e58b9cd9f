"""CodePipeline's patterns start a pipeline for every file of what it deploys, and for few others."""

from __future__ import annotations

import re

import pytest

from archives.closure import files_of
from archives.manifest import infrastructure_files
from handlers.routes import COMMAND, FUNCTIONS, PROJECTOR, QUERY
from infra.delivering import PIPELINES, WITHOUT_PIPELINES, file_patterns
from infra.delivery.build import INFRASTRUCTURE
from infra.delivery.file_patterns import MOST_CHARACTERS, MOST_PATTERNS, patterns_of
from tests.infra.program import EVERYTHING, ROOT, graph

FOLDERS = ("handlers", "infra", "archives", "dashboard", "db", "console", "tests", "docs")
ALL = [
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.*"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")))
    if path.is_file() and "__pycache__" not in path.parts
]


def expression(pattern: str) -> str:
    """CodePipeline's pattern as a regular expression: what its user guide says of `*`, `**`, `?` and `{a,b}`."""
    signs = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    parts = re.findall(r"\*\*|[*?{},]|[^*?{},]+", pattern)
    return "".join(signs.get(part) or re.escape(part) for part in parts)


def matched(patterns: list[str]) -> set[str]:
    return {name for name in ALL if any(re.fullmatch(expression(pattern), name) for pattern in patterns)}


def own_files(part: str) -> set[str]:
    if part == INFRASTRUCTURE:
        return {*infrastructure_files(ROOT), *(name for other in WITHOUT_PIPELINES for name in own_files(other))}
    return {name for name in files_of(f"handlers.{part}", ROOT) if name.startswith("handlers/")}


def test_each_function_is_deployed_by_some_pipeline() -> None:
    assert sorted((*PIPELINES, *WITHOUT_PIPELINES)) == sorted((*FUNCTIONS, INFRASTRUCTURE))


@pytest.mark.parametrize("part", PIPELINES)
def test_every_file_that_a_pipeline_deploys_starts_it(part: str) -> None:
    assert own_files(part) - matched(file_patterns(part)) == set()


# Files that start a pipeline which then finds nothing to do: they stand in a room of which it needs others.
WORK = {"handlers/events", "handlers/imports", "handlers/jobs"}
ALSO = {
    COMMAND: {"handlers/api", "handlers/aws", "handlers/ledger", "handlers/upkeep", "handlers/domain", *WORK},
    QUERY: {
        "handlers/access",
        "handlers/api",
        "handlers/aws",
        "handlers/upkeep",
        "handlers/ledger",
        "handlers/snapshots",
        *WORK,
    },
    PROJECTOR: {
        *("handlers/aws", "handlers/domain", "handlers/ledger", "handlers/snapshots", "handlers/upkeep"),
        *WORK,
    },
    INFRASTRUCTURE: {
        *("handlers/api", "handlers/aws", "handlers/domain", "handlers/gateway", "handlers/ledger", "handlers/reads"),
        *("db/migrations", "handlers/upkeep", *WORK),
    },
}


@pytest.mark.parametrize("part", PIPELINES)
def test_what_else_starts_it_stands_beside_its_own_files(part: str) -> None:
    also = matched(file_patterns(part)) - own_files(part)
    assert {name.rpartition("/")[0] for name in also} <= ALSO[part] | {"handlers/telemetry"}
    assert len(also) < 60


def test_the_halves_start_on_their_own() -> None:
    """What only one of them is made of starts that one alone."""
    starts = {part: matched(file_patterns(part)) for part in PIPELINES}
    alone = {
        "handlers/reads/page.py": {QUERY, INFRASTRUCTURE},  # the relational function has it too
        "handlers/query.py": {QUERY},
        "handlers/command.py": {COMMAND},
        "handlers/projector.py": {PROJECTOR},
        "handlers/warmer.py": {INFRASTRUCTURE},
        "handlers/worker.py": {INFRASTRUCTURE},
        "handlers/sessions.py": {INFRASTRUCTURE},
        "handlers/authorizer.py": {INFRASTRUCTURE},
        "handlers/relational.py": {INFRASTRUCTURE},
        "db/migrations/0001_home.sql": {INFRASTRUCTURE},
        "archives/wheels-python3.13.txt": {INFRASTRUCTURE},
        "infra/gateway/api.py": {INFRASTRUCTURE},
        "Pulumi.yaml": {INFRASTRUCTURE},
        "handlers/snapshots/publish.py": {COMMAND, QUERY, PROJECTOR},
        "handlers/rows.py": {COMMAND, QUERY, PROJECTOR, INFRASTRUCTURE},  # of the data lake's columns too
        "docs/delivery.md": set[str](),
        "tests/test_docs.py": set[str](),
        "console/cli.py": set[str](),
    }
    assert {name: {part for part in PIPELINES if name in starts[part]} for name in alone} == alone


@pytest.mark.parametrize("part", PIPELINES)
def test_the_pipelines_of_the_graph_have_patterns_that_codepipeline_takes(part: str) -> None:
    pipeline = graph(EVERYTHING).one("Pipeline", f"delivery-{part}-pipeline")
    (push,) = pipeline.at("triggers.0.gitConfiguration.pushes")
    patterns = push["filePaths"]["includes"]
    assert patterns == file_patterns(part)
    assert 0 < len(patterns) <= MOST_PATTERNS
    assert max(map(len, patterns)) <= MOST_CHARACTERS
    assert "excludes" not in push["filePaths"]


def test_files_become_folders() -> None:
    files = ["b/c.py", "b/d/e.py", "b/f/g.py", "infra/x.py", "infra/y/z.py"]
    assert patterns_of(files, whole=["infra"], more=["*.py"]) == ["*.py", "infra/**", "b/c.py", "b/{d,f}/**"]
    assert patterns_of(files, whole=["infra", "a"]) == ["{a,infra}/**", "b/c.py", "b/{d,f}/**"]


def test_too_many_patterns_are_refused_here_and_not_by_aws() -> None:
    with pytest.raises(ValueError, match="too many or too long"):
        patterns_of([f"folder{number}/file.py" for number in range(9)])
    with pytest.raises(ValueError, match="too many or too long"):
        patterns_of([f"folder/file{number:03}.py" for number in range(40)])
