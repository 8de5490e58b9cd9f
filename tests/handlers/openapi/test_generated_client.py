"""A client generated from the API's description, used as its author would, against the functions over HTTP."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.local.gateway import Gateway
from handlers.openapi.description import description
from handlers.routes import COMMAND, QUERY, gateway_routes
from tests.support.api import Api
from tests.support.drafts import UNKNOWN, content_of, fields, items, value_in
from tests.support.local.web import served

PACKAGE = "generated_client"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the generated package is. The generator ends with an error where it had a warning to give."""
    made = tmp_path_factory.mktemp("generated")
    (made / "openapi.json").write_text(json.dumps(description()))
    (made / "config.json").write_text(json.dumps({"post_hooks": []}))  # nobody reads the code
    given = ["--path", str(made / "openapi.json"), "--config", str(made / "config.json")]
    out = ["--meta", "none", "--output-path", str(made / PACKAGE)]
    command = [sys.executable, "-m", "openapi_python_client", "generate", *given, *out, "--fail-on-warning"]
    finished = subprocess.run(command, check=False, capture_output=True, text=True)
    said = (finished.stdout + finished.stderr).replace("\n", "").strip()
    assert (finished.returncode, said) == (0, f"Generating {made / PACKAGE}")
    return made


@pytest.fixture
def generated(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The generated package, importable for one test."""
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    yield PACKAGE
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture
def client(generated: str, api: Api) -> Iterator[Any]:
    async def invoke(event: dict[str, object]) -> object:
        return api.function(event)(event, None)

    with served(Gateway({COMMAND: invoke, QUERY: invoke}, gateway_routes(), QUERY)) as url:
        made = importlib.import_module(generated).Client(base_url=url, timeout=None, raise_on_unexpected_status=True)
        with made as open_client:
            yield open_client


def operation(name: str) -> Any:
    """What the generator made of an operation."""
    return importlib.import_module(f"{PACKAGE}.api.{name}")


def model(name: str) -> Any:
    return getattr(importlib.import_module(f"{PACKAGE}.models"), name)


def test_a_module_is_generated_for_every_operation(folder: Path) -> None:
    made = {path.stem for path in (folder / PACKAGE / "api").glob("*/*.py")} - {"__init__"}
    assert {name.replace("_", "-") for name in made} == {
        described["operationId"].replace(".", "-")
        for by_verb in json.loads((folder / "openapi.json").read_text())["paths"].values()
        for described in by_verb.values()
    }


def test_it_writes_and_reads_pages_rows_and_statistics(client: Any) -> None:
    values = [value_in(given) for given in items(3)]
    drafts = [model("Draft").from_dict(given) for given in items(3)]
    inserted = operation("command.post_insert").sync(client=client, body=model("Drafts")(items=drafts))
    assert (inserted.inserted, inserted.snapshot.rows) == (3, 3)
    for path in ("sqlite_efs", "sqlite_tmp", "ddb"):
        page = operation(f"query.get_{path}").sync(client=client, min_bookmark=inserted.bookmark, limit=2)
        assert [content_of(row.to_dict()) for row in page.data] == [fields(3), fields(2)]
        rest = operation(f"query.get_{path}").sync(client=client, limit=2, cursor=page.next_)
        assert ([row.id for row in rest.data], rest.next_) == (inserted.ids[:1], None)
        row = operation(f"query.get_{path}_id").sync(inserted.ids[0], client=client)
        assert (content_of(row.data.to_dict()), row.source.value) == (fields(1), path.replace("_", "-"))
        assert row.data.created_at.utcoffset() == datetime.now(UTC).utcoffset()
        stats = operation(f"query.get_{path}_stats").sync(client=client)
        assert (stats.stats.count, stats.stats.min_, stats.stats.max_) == (3, min(values), max(values))
        assert stats.timings_ms.total > 0


def test_it_reads_nothing_where_there_is_nothing(client: Any) -> None:
    stats = operation("query.get_sqlite_efs_stats").sync(client=client).stats
    assert (stats.count, stats.min_, stats.first_created_at) == (0, None, None)
    assert operation("query.get_sqlite_tmp").sync(client=client).data == []


def test_it_reads_errors(client: Any) -> None:
    problem = operation("query.get_sqlite_efs_id").sync("none", client=client)
    assert (type(problem), problem.status) == (model("Problem"), 404)
    assert problem.type_.endswith(":not-found")
    problem = operation("query.get_sqlite_efs").sync(client=client, limit=0)
    assert (problem.status, [error.field for error in problem.errors]) == (400, ["limit"])


def test_a_client_made_today_reads_the_members_of_tomorrow(generated: str) -> None:
    importlib.import_module(generated)
    row = {"id": "1", **fields(), "created_at": "2026-01-01T00:00:00.000Z", UNKNOWN: "red"}
    assert model("Row").from_dict(row)[UNKNOWN] == "red"
    kind = {"type": "urn:new", "title": "New", "status": 418, "detail": "", "instance": "1", "remedy": "none"}
    assert model("Problem").from_dict(kind).to_dict() == kind


def test_it_reads_all_the_rest(client: Any) -> None:
    operation("command.post_insert").sync(client=client, body=model("RandomRows")(count=2))
    assert operation("command.post_snapshots").sync(client=client, body=model("Publication")()).snapshot.rows == 2
    assert operation("query.get_snapshots").sync(client=client).snapshots[0].rows == 2
    assert operation("command.get_command_health").sync(client=client).role.value == "command"
    order = model("BenchmarkOrder")(iterations=1, workloads=[model("Workload").STATS])
    benchmark = operation("query.post_benchmarks").sync(client=client, body=order)
    assert {result.requests for result in benchmark.results} == {1}
    (session,) = operation("query.get_benchmarks").sync(client=client).benchmarks
    assert session.id == benchmark.id
    report = operation("query.get_benchmarks_id_report_md").sync(benchmark.id, client=client)
    assert report.startswith(f"# Benchmark {benchmark.id}")
    links = operation("query.get_index").sync(client=client).links
    assert "sqlite-efs" in {link.href for link in links}
