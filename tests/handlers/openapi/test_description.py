from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import schemathesis
import yaml

from console.documents import yaml_text
from handlers.api import insert as insertion
from handlers.domain.bookmark import MAX_EPOCH, MAX_SEQ, Bookmark
from handlers.domain.problem import KINDS, TYPE_PREFIX, unavailable
from handlers.gateway.request import Request
from handlers.gateway.response import problem_response
from handlers.jobs.job import STATES
from handlers.ledger.head import Head
from handlers.ledger.idempotency import Record
from handlers.ledger.ledger import Ledger
from handlers.ledger.transaction import Transaction, cut_short
from handlers.openapi.description import OPERATIONS, description
from handlers.openapi.parameters import HEADERS, MAX_KEY_CHARACTERS, PARAMETERS
from handlers.openapi.schemas import BOOKMARK_PATTERN, ID_EXAMPLE
from handlers.reads.page import PAGE_PARAMETERS, POINT_PARAMETERS, PageQuery
from handlers.routes import ROUTES
from handlers.rows import MODEL
from tests.support.api import SOURCES, Answer, Api, event
from tests.support.meddling import head_of, set_head

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docs" / "openapi.yaml"
DESCRIPTION: dict[str, Any] = json.loads(json.dumps(description()))
SCHEMA = schemathesis.openapi.from_dict(description())
QUERY_PARAMETERS = {
    "page": PAGE_PARAMETERS,
    "row": POINT_PARAMETERS,
    "stats": POINT_PARAMETERS,
    "benchmarks": ("limit", "cursor"),
    "jobs": ("state", "limit", "cursor"),
    "sql": ("as_of",),
    "codes": ("tenant", "limit", "cursor"),
    "sessions": ("tenant", "limit", "cursor"),
}
OPERATION_OF = {(verb, path): (function, name) for verb, path, function, name in ROUTES}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, by_verb in DESCRIPTION["paths"].items():
        for verb, operation in by_verb.items():
            yield verb.upper(), path, operation


def resolved(part: dict[str, Any]) -> Any:
    """What a reference leads to."""
    found: Any = DESCRIPTION
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        for name, member in part.items():  # pyright: ignore[reportUnknownVariableType] - JSON
            if name == "$ref":
                yield str(member)  # pyright: ignore[reportUnknownArgumentType] - JSON
            else:
                yield from references(member)  # pyright: ignore[reportUnknownArgumentType] - JSON
    elif isinstance(part, list):
        for member in part:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from references(member)  # pyright: ignore[reportUnknownArgumentType] - JSON


def schemas_in(part: object) -> Iterator[dict[str, Any]]:
    """Every schema below a part of the description, examples left out."""
    if isinstance(part, list):
        for member in part:  # pyright: ignore[reportUnknownVariableType] - JSON
            yield from schemas_in(member)  # pyright: ignore[reportUnknownArgumentType] - JSON
    elif isinstance(part, dict):
        members: dict[str, Any] = part  # pyright: ignore[reportUnknownVariableType] - JSON
        for name, member in members.items():
            if name in ("properties", "schemas"):
                yield from member.values()
            elif name in ("schema", "items", "additionalProperties") and member is not False:
                yield member
            if name not in ("example", "examples"):
                yield from schemas_in(member)


def reached_from(part: object) -> set[str]:
    """The names of all schemas that a part of the description leads to."""
    reached: set[str] = set()
    waiting = set(references(part))
    while waiting:
        reference = waiting.pop()
        reached.add(reference.rpartition("/")[2])
        waiting |= set(references(resolved({"$ref": reference})))
    return reached


def assert_as_described(answer: Answer, method: str, path: str) -> None:
    """Status, headers, media type and body are what the description says of this route."""
    operation = DESCRIPTION["paths"][path][method.lower()]
    assert str(answer.status) in operation["responses"]
    request = httpx.Request(method, "http://localhost" + path)
    response = httpx.Response(answer.status, headers=answer.headers, content=answer.text, request=request)
    response.elapsed = timedelta(0)
    SCHEMA[path][method].validate_response(response)  # pyright: ignore[reportUnknownMemberType] - its types are partly open
    described = operation["responses"][str(answer.status)]
    described = resolved(described) if "$ref" in described else described
    if answer.status >= 400:
        examples = described["content"]["application/problem+json"]["examples"].values()
        assert answer.json["type"] in {example["value"]["type"] for example in examples}
    required = {name.lower() for name in described["headers"] if HEADERS[name][2]}
    assert required - {"retry-after"} <= answer.headers.keys()
    assert answer.headers.keys() - {"content-type"} <= {name.lower() for name in described["headers"]}


def test_the_file_is_what_the_code_says() -> None:
    assert FILE.read_text() == yaml_text(), "docs/openapi.yaml is out of date: make docs"
    assert yaml.safe_load(FILE.read_text()) == DESCRIPTION


def test_the_file_is_written_by_the_console(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "console.documents", str(tmp_path / "made.yaml")], check=True, cwd=ROOT)
    assert (tmp_path / "made.yaml").read_text() == FILE.read_text()


def test_every_route_is_described_and_nothing_else() -> None:
    assert {(verb, path) for verb, path, _ in operations()} == set(OPERATION_OF)
    assert set(OPERATIONS) == {name for _, _, _, name in ROUTES}
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    used = set(references(DESCRIPTION))
    kinds = dict(DESCRIPTION["components"])
    schemes = kinds.pop("securitySchemes")
    assert used == {f"#/components/{kind}/{name}" for kind, named in kinds.items() for name in named}
    assert {name for _, _, operation in operations() for one in operation["security"] for name in one} == set(schemes)


def test_every_object_has_a_name_and_its_title_is_that_name() -> None:
    named = DESCRIPTION["components"]["schemas"]
    for name, schema in named.items():
        assert schema["title"] == name
        assert [part for part in schemas_in({**schema, "type": "named"}) if part.get("type") == "object"] == []
    assert [part for part in schemas_in(DESCRIPTION["paths"]) if part.get("type") == "object"] == []


def test_every_schema_says_its_type_and_null_is_a_type_or_an_alternative_to_a_name() -> None:
    for schema in schemas_in(DESCRIPTION):
        if "anyOf" in schema and schema.get("title") not in ("Insertion", "Parameters"):
            name, null = schema["anyOf"]
            assert (list(name), null) == (["$ref"], {"type": "null"})
        assert {"type", "$ref", "anyOf"} & schema.keys(), schema
        assert not {"allOf", "oneOf", "not"} & schema.keys(), schema


def test_what_is_sent_is_closed_and_answers_are_open() -> None:
    bodies = [operation["requestBody"] for _, _, operation in operations() if "requestBody" in operation]
    sent = reached_from(bodies)
    for name, schema in DESCRIPTION["components"]["schemas"].items():
        if schema.get("type") == "object" and name != "ParametersByName":  # whose names are the statement's
            assert (schema.get("additionalProperties") is False) == (name in sent), name


def test_every_problem_is_described_where_it_can_happen() -> None:
    described: dict[str, set[str]] = {}
    for _, _, operation in operations():
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                content = resolved(response)["content"]["application/problem+json"]
                assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
                examples = [example["value"] for example in content["examples"].values()]
                assert {str(example["status"]) for example in examples} == {status}
                described[status] = {example["type"] for example in examples}
    kinds = {kind: status for kind, (status, _) in KINDS.items()}
    assert {name for names in described.values() for name in names} == {TYPE_PREFIX + kind for kind in kinds}
    for kind, status in kinds.items():
        assert TYPE_PREFIX + kind in described[str(status)]


def test_only_a_copy_made_again_and_a_code_are_refused_for_coming_too_often() -> None:
    for verb, path, operation in operations():
        may_be = verb == "GET" and path.startswith("/sqlite-tmp")
        assert ("429" in operation["responses"]) == (may_be or (verb, path) == ("POST", "/sessions"))
    response = DESCRIPTION["components"]["responses"]["Problem429"]
    assert set(response["content"]["application/problem+json"]["examples"]) == {"too-many-requests"}
    assert HEADERS["Retry-After"][2]
    assert "Retry-After" in response["headers"]


def test_publishing_is_refused_where_the_published_is_of_another_history() -> None:
    assert "409" in DESCRIPTION["paths"]["/snapshots"]["post"]["responses"]
    examples = DESCRIPTION["components"]["responses"]["Problem409"]["content"]["application/problem+json"]["examples"]
    assert examples["diverged"]["value"]["title"] == "The published snapshots belong to another history"


def test_every_parameter_is_described_where_it_is_understood() -> None:
    for verb, path, operation in operations():
        _, name = OPERATION_OF[verb, path]
        named = {resolved(part)["name"]: resolved(part)["in"] for part in operation["parameters"]}
        assert {part for part, place in named.items() if place == "path"} == set(re.findall(r"\{(\w+)\}", path))
        expected = set(QUERY_PARAMETERS.get(name, ()))
        expected |= {"refresh"} if verb == "GET" and path.startswith("/sqlite-tmp") else set[str]()
        assert {part for part, place in named.items() if place == "query"} == expected
        of_a_write = {"insert": {"Idempotency-Key", "Prefer"}, "publish": {"Prefer"}}
        headers = {**of_a_write, "sql": {"Min-Bookmark"}}.get(name, set[str]())
        headers = {"Min-Bookmark", "If-None-Match"} if name in ("page", "row", "stats") else headers
        assert {part for part, place in named.items() if place == "header"} == headers


def test_the_examples_of_parameters_are_understood() -> None:
    examples = {name: example for name, (place, _, example, _) in PARAMETERS.items() if place == "query" and example}
    assert examples.pop("fresh") == examples.pop("refresh") == "1"
    assert examples.pop("state") in STATES
    assert str(Bookmark.parse(str(examples["as_of"]))) == examples["as_of"]
    for name, example in examples.items():
        given = str(example).lower() if isinstance(example, bool) else str(example)
        assert PageQuery({name: given}).is_filtered is (name in MODEL.filters or name in ("from", "to"))


def test_a_bookmarks_pattern_is_the_parsers() -> None:
    texts = [
        "0.0",
        "1.0",
        f"{MAX_EPOCH}.{MAX_SEQ}",
        f"{MAX_EPOCH + 1}.0",
        f"1.{MAX_SEQ + 1}",
        "01.1",
        "1.01",
        "1",
        ".",
        "a.1",
    ]
    for text in texts:
        try:
            Bookmark.parse(text)
        except ValueError:
            assert not re.search(BOOKMARK_PATTERN, text)
        else:
            assert re.search(BOOKMARK_PATTERN, text)


def test_a_keys_limits_are_those_of_insertion() -> None:
    assert MAX_KEY_CHARACTERS == insertion.MAX_KEY_CHARACTERS
    pattern = str(PARAMETERS["Idempotency-Key"][1]["pattern"])
    keys = ("a", "a b", "!~", "x" * MAX_KEY_CHARACTERS, " a", "a ", "", " ", "é", "\n", "x" * (MAX_KEY_CHARACTERS + 1))
    described = [key for key in keys if re.search(pattern, key) and len(key) <= MAX_KEY_CHARACTERS]
    assert described == list(keys[:4])
    for key in described:
        asked = Request(event("POST", "/insert", headers={"idempotency-key": key}))
        assert insertion.call_of(asked, {}, []) is not None


def test_bodies_given_as_examples_are_understood(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handlers.benchmark.operations.DEFAULT_ITERATIONS", 1)
    for path in ("/insert", "/snapshots", "/benchmarks"):
        body = DESCRIPTION["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        for example in body["examples"].values():
            assert api.post(path, example["value"]).status in (200, 201)


def test_the_row_is_described_by_the_data_model(api: Api) -> None:
    row = DESCRIPTION["components"]["schemas"]["Row"]
    assert list(row["properties"]) == list(MODEL.names[1:])
    (example,) = row["examples"]
    assert example["id"] == ID_EXAMPLE
    api.post("/insert", {})
    assert list(api.get("/ddb").json["data"][0]) == list(example)


def test_writes_are_answered_as_described(api: Api) -> None:
    for content, headers in (
        ({}, {}),
        ({"count": 3}, {"idempotency_key": "key"}),
        ({"count": 3}, {"idempotency_key": "key"}),
        ({"count": 4}, {"idempotency_key": "key"}),
        ({"count": 0}, {}),
        ({"count": 3}, {"prefer": "respond-async"}),
        ({"count": 3}, {"idempotency_key": ""}),
        ({"count": 3}, {"content_type": "text/plain"}),
    ):
        assert_as_described(api.post("/insert", content, **headers), "POST", "/insert")
    api.post("/insert", {"count": 2}, prefer="respond-async")
    answers = [
        api.post("/snapshots", content) for content in ({}, {}, {"full": True}, {"new_epoch": True}, {"full": 1})
    ]
    assert [answer.status for answer in answers] == [201, 200, 201, 201, 422]
    for answer in answers:
        assert_as_described(answer, "POST", "/snapshots")


def test_writes_to_a_ledger_that_is_not_what_was_published_are_answered_as_described(api: Api, ledger: Ledger) -> None:
    api.post("/insert", {"count": 3})
    set_head(ledger, Head.new(head_of(ledger).epoch))
    inserted, published = api.post("/insert", {}), api.post("/snapshots", {})
    assert (inserted.status, published.status) == (201, 409)
    assert "warning" in inserted.json
    assert_as_described(inserted, "POST", "/insert")
    assert_as_described(published, "POST", "/snapshots")
    assert_as_described(api.get("/sqlite-efs", "fresh=1"), "GET", "/sqlite-efs")


def test_health_is_answered_as_described_whatever_is_there(api: Api, environ: dict[str, str]) -> None:
    answers = [api.get("/command/health")]
    api.post("/insert", {"count": 2}, prefer="respond-async")
    answers.append(api.get("/command/health"))
    shutil.rmtree(environ["EFS_DIR"])
    answers.append(api.get("/command/health"))
    assert [answer.json["lag"] is None for answer in answers] == [True, False, True]
    for answer in answers:
        assert_as_described(answer, "GET", "/command/health")


def test_benchmarks_are_answered_as_described(api: Api) -> None:
    short = {"iterations": 2, "workloads": ["by-id", "stats"]}
    answers = [api.post("/benchmarks", short)]
    api.post("/insert", {"count": 3})
    answers += [api.post("/benchmarks", content) for content in (short, short, {"iterations": 0})]
    assert [answer.status for answer in answers] == [409, 201, 201, 422]
    for answer in answers:
        assert_as_described(answer, "POST", "/benchmarks")
    for path in ("/benchmarks", "/benchmarks/trends"):
        assert_as_described(api.get(path), "GET", path)
        assert_as_described(api.get(path, "wrong=1"), "GET", path)
    assert_as_described(api.get("/benchmarks", "limit=1"), "GET", "/benchmarks")
    for name in ("", "/report.md", "/results.csv"):
        for benchmark_id in (answers[1].json["id"], "1"):
            path = f"/benchmarks/{benchmark_id}{name}"
            assert_as_described(api.get(path), "GET", f"/benchmarks/{{id}}{name}")


@pytest.mark.parametrize("source", SOURCES)
def test_reads_are_answered_as_described(api: Api, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("handlers.reads.reader.WAIT_S",):
        monkeypatch.setattr(name, 0.0)
    for path in (source, f"{source}/stats"):
        assert_as_described(api.get(path), "GET", path)
    inserted = api.post("/insert", {"count": 3}).json
    epoch = Bookmark.parse(inserted["bookmark"]).epoch
    for template, path in (
        (source, source),
        (f"{source}/stats",) * 2,
        (f"{source}/{{id}}", f"{source}/{inserted['ids'][0]}"),
    ):
        answers = [
            api.get(path),
            api.get(path, "wrong=1"),
            api.get(path, if_none_match="*"),
            api.get(path, min_bookmark=f"{epoch}.9"),
            api.get(path, min_bookmark=f"{epoch - 1}.1"),
            api.get(path, "fresh=1"),
            api.get(path, f"as_of={inserted['bookmark']}"),
            api.get(path, f"as_of={epoch}.9"),
            api.get(path, f"as_of={epoch - 1}.1"),
        ]
        assert [answer.status for answer in answers] == [200, 400, 304, 503, 409, 200, 200, 503, 409]
        for answer in answers:
            assert_as_described(answer, "GET", template)
    assert_as_described(api.get(f"{source}/x"), "GET", f"{source}/{{id}}")
    for raw_query in ("limit=1", "limit=0&order=up"):
        assert_as_described(api.get(source, raw_query), "GET", source)


def test_an_insert_that_was_cut_short_is_answered_as_described() -> None:
    transaction = Transaction.from_drafts([MODEL.random_draft(Random(1))] * 2, 0.0)
    transaction.doubts.append(Head.new(1))
    problem = cut_short(unavailable("Away"), Record(total=3, ids=(ID_EXAMPLE,)), transaction, None)
    answer = Answer(problem_response(problem, "request-1").to_event())
    answer.headers["vary"] = "accept-encoding"  # what the router adds
    assert_as_described(answer, "POST", "/insert")
    described = DESCRIPTION["components"]["schemas"]["Problem"]
    assert {"inserted", "ids", "ids_in_doubt"} <= answer.json.keys() <= described["properties"].keys()


def test_the_rest_is_answered_as_described(api: Api) -> None:
    api.post("/insert", {"count": 3})
    assert_as_described(api.get("/", accept="text/html"), "GET", "/")
    for path in ("/", "/snapshots", "/health", "/query/health", "/command/health", "/openapi.json"):
        assert_as_described(api.get(path), "GET", path)
        assert_as_described(api.get(path, "wrong=1"), "GET", path)
