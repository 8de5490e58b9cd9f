"""A console and an API with different columns: found by the first request, before anything is done with rows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.client.client import Client
from console.client.health import HINT, ask_health
from console.errors import ConsoleError
from handlers.rows import MODEL
from tests.console.conftest import RunConsole
from tests.support.drafts import items
from tests.support.local.faults import Exchange, FaultyApi, answers

OTHER = MODEL.rows_version + 1


def says_other(exchange: Exchange) -> None:
    """Pass on what the API says, as one with other columns would say it."""
    content = exchange.ask().json()
    exchange.answer(200, json.dumps(content | {"columns": OTHER} if "columns" in content else content))


@pytest.mark.parametrize("path", ["/health", "/command/health"])
def test_an_api_of_this_checkout_says_its_columns_and_passes(faulty: FaultyApi, path: str) -> None:
    with Client(faulty.url) as client:
        assert ask_health(client, path).json()["columns"] == MODEL.rows_version


def test_an_older_api_that_does_not_say_passes(faulty: FaultyApi) -> None:
    faulty.script.append(answers(200, {"status": "ok"}))
    with Client(faulty.url) as client:
        assert ask_health(client).json() == {"status": "ok"}


@pytest.mark.parametrize("columns", [OTHER, "none", None])
def test_other_columns_are_named_with_what_to_do(faulty: FaultyApi, columns: object) -> None:
    faulty.script.append(answers(200, {"columns": columns}))
    with Client(faulty.url) as client, pytest.raises(ConsoleError) as error:
        ask_health(client)
    assert str(error.value) == f"{faulty.url} runs with other columns than handlers/rows.py declares"
    assert error.value.hint == HINT


@pytest.mark.parametrize("verb", ["import", "export", "bench", "verify", "seed", "cost"])
def test_a_verb_says_it_before_it_reads_or_writes_a_row(
    faulty: FaultyApi, run_console: RunConsole, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    monkeypatch.setenv("LOCAL_DIR", str(tmp_path))
    file = tmp_path / "rows.json"
    file.write_text(json.dumps(items(1)))
    faulty.http.post(f"{faulty.upstream}/insert", json={"items": items(1)})
    out = str(tmp_path / "out.csv")
    options = {"import": [str(file)], "export": ["--out", out], "bench": ["--out", out], "seed": ["--count", "1"]}
    faulty.script.extend([says_other] * 9)
    ran = run_console(verb, *options.get(verb, []), "--url", faulty.url)
    assert ran.code == 1
    assert ran.err.splitlines()[-2:] == [
        f"Error: {faulty.url} runs with other columns than handlers/rows.py declares",
        f"Try: {HINT}",
    ]
    assert {path for _, path, _ in faulty.seen} <= {"/snapshots", "/health", "/command/health"}
    assert {method for method, _, _ in faulty.seen} == {"GET"}
