from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.benchmark.data import look_at
from console.client.client import Client
from console.costs.bill import bills, totals_usd
from console.costs.levers import levers
from console.costs.options.inputs import INPUTS, option
from console.costs.prices import OWN_FILE, load
from console.costs.scenario import Scenario, names
from console.costs.work import work_bills
from console.local.background import BackgroundStack
from console.results import result
from handlers.routes import SOURCES
from tests.console.conftest import RunConsole
from tests.support.costs import result_of
from tests.support.drafts import items


@pytest.fixture
def measured(tmp_path: Path) -> str:
    path = tmp_path / "20261121-090000-benchmark.json"
    result.save(result_of(rows=50_000), path)
    return str(path)


def test_the_bills_for_other_programs(run_console: RunConsole) -> None:
    ran = run_console("cost", "--json", "--rows", "2e5", "--architecture", "x86", "--writes-per-month", "10")
    assert (ran.code, ran.err) == (0, "")
    content = json.loads(ran.out)
    scenario = Scenario(rows=200_000, architecture="x86", writes_per_month=10)
    assert content["usd_per_month"] == pytest.approx(totals_usd(load().prices, scenario))
    assert content["usd_per_month_by_service"]["ddb"] == pytest.approx(bills(load().prices, scenario)["ddb"])
    assert content["cheapest"] == ["sqlite-efs"]
    assert content["prices"] == {"date": load().date, "region": "us-east-1", "currency": "USD"}
    assert set(content["scenario"]) == set(names())
    assert content["scenario"]["rows"] == {"value": 200_000, "origin": "given"}
    assert content["scenario"]["publishes_per_month"] == {"value": 10, "origin": "assumed"}
    assert {"at", "below", "above", "is_jump"} == set(content["crossings"]["reads_per_month"][0])
    assert content["sensitivity"][0]["name"] not in ("rows", "writes_per_month")
    assert content["verdict"] is None
    assert content["stack_region"] is None


def test_the_bills_for_people(run_console: RunConsole) -> None:
    ran = run_console("cost", "--writes-per-month", "0")
    assert (ran.code, ran.err) == (0, "")
    assert all(len(line) <= 100 for line in ran.out.splitlines())
    for text in (*SOURCES, "EFS storage", "Cheapest: sqlite-efs; no", "Given: --writes-per-month 0.", load().date):
        assert text in ran.out
    assert "p50" not in ran.out


def test_what_nobody_waits_for_and_what_saves_money_are_shown_where_they_are_asked_for(run_console: RunConsole) -> None:
    plain = run_console("cost").out
    assert "on every path" not in plain
    assert "saved by" not in plain
    ran = run_console("cost", "--imports-per-month", "3", "--lake", "1", "--levers")
    assert (ran.code, ran.err) == (0, "")
    assert "USD a month, on every path" in ran.out
    assert "USD a month saved by" in ran.out
    content = json.loads(run_console("cost", "--json", "--imports-per-month", "3", "--levers").out)
    scenario = Scenario(imports_per_month=3)
    assert content["usd_per_month_of_work_by_service"] == work_bills(load().prices, scenario)
    assert [lever["name"] for lever in content["levers"]] == [it.name for it in levers(load().prices, scenario)]
    assert json.loads(run_console("cost", "--json").out)["levers"] is None


def test_the_rows_of_an_api_are_counted_and_measured(live: BackgroundStack, run_console: RunConsole) -> None:
    with Client(live.url) as client:
        client.post("/insert", {"items": items(30)})
        size = look_at(client)
    ran = run_console("cost", "--json", "--url", live.url, "--reads-per-month", "9")
    assert (ran.code, ran.err) == (0, "")
    known = json.loads(ran.out)["scenario"]
    assert known["rows"] == {"value": size.rows, "origin": "measured"}
    assert known["row_bytes"] == {"value": pytest.approx(size.row_bytes), "origin": "measured"}
    assert known["snapshot_row_bytes"] == {
        "value": pytest.approx(size.snapshot_bytes / size.rows),
        "origin": "measured",
    }
    measured = {name for name, value in known.items() if value["origin"] == "measured"}
    assert measured == {"rows", "row_bytes", "snapshot_row_bytes"}
    ran = run_console("cost", "--json", "--url", live.url, "--rows", "2e5")
    known = json.loads(ran.out)["scenario"]
    assert (known["rows"]["origin"], known["row_bytes"]["origin"]) == ("given", "measured")


def test_rows_are_those_of_one_source(run_console: RunConsole, measured: str) -> None:
    ran = run_console("cost", "--from-benchmark", measured, "--url", "http://127.0.0.1:1")
    assert ran.code == 2
    assert "leave out --url" in " ".join(ran.err.split())


def test_every_value_is_an_option(run_console: RunConsole) -> None:
    """Each with a number of its own, so that none is taken for another."""
    narrow = {"memory_mb": 777.0, "tmp_mb": 778.0, "retain_s": 779.0, "worker_memory_mb": 780.0}
    narrow |= dict.fromkeys(("tracing", "jobs", "lake", "notifications", "edge", "firewall", "sessions"), 1.0)
    narrow |= dict.fromkeys(("postgres", "multi_az", "proxy"), 1.0)
    narrow["backup_days"] = 21.0
    narrow["cached"] = 0.25
    values = {name: narrow.get(name, 7.0 + place) for place, name in enumerate(INPUTS)}
    options = [word for name, value in values.items() for word in (option(name), str(value))]
    scenario = json.loads(run_console("cost", "--json", *options).out)["scenario"]
    assert {name: scenario[name] for name in INPUTS} == {
        name: {"value": value, "origin": "given"} for name, value in values.items()
    }


@pytest.mark.parametrize("name", ["memory_mb", "tmp_mb", "retain_s", "tracing"])
def test_a_value_outside_its_limits_is_a_wrong_command_line(name: str, run_console: RunConsole) -> None:
    assert run_console("cost", "--json", option(name), "7").code == 2


def test_what_a_benchmark_measured_is_taken_and_decides(measured: str, run_console: RunConsole) -> None:
    content = json.loads(run_console("cost", "--from-benchmark", measured, "--json").out)
    assert content["scenario"]["rows"] == {"value": 50_000, "origin": "measured"}
    assert (content["verdict"]["recommended"], content["verdict"]["decided_by"]) == ("sqlite-efs", "latency")
    assert (content["stack_region"], content["prices"]["region"]) == ("us-test-1", "us-east-1")
    assert content["verdict"]["text"].startswith("For 50,000 rows, 1 million reads and 1,000 publishes a month: ")
    assert [it["answer"] for it in content["verdict"]["criteria"]] == ["not measured"] * 3


def test_the_verdict_for_people(measured: str, run_console: RunConsole) -> None:
    ran = run_console("cost", "--from-benchmark", measured, "--within-ms", "20", "--rows", "60000")
    assert (ran.code, ran.err) == (0, "")
    text = " ".join(ran.out.split())
    assert "For 60,000 rows" in text
    assert "at prices of us-east-1, while the stack is in us-test-1 USD a month" in text
    assert text.count("These are prices of us-east-1, but the stack is in us-test-1: use --prices.") == 2
    assert "None is shown to be within 20 ms at p99" in text
    assert "Given: --rows 60000." in text
    assert "Is a copy to /tmp made in under 100 ms? Not measured." in text


def test_what_cannot_run_has_no_price(run_console: RunConsole) -> None:
    content = json.loads(run_console("cost", "--json", "--rows", "5e6").out)
    assert (content["usd_per_month"]["sqlite-tmp"], content["usd_per_month_by_service"]["sqlite-tmp"]) == (None, None)
    assert content["usd_per_month"]["sqlite-efs"] > 0
    assert set(content["cannot_run"]) == {"sqlite-tmp"}
    assert json.loads(run_console("cost", "--json", "--rows", "5e6", "--tmp-mb", "2048").out)["cannot_run"] == {}


def test_a_wished_latency_needs_a_measured_one(run_console: RunConsole) -> None:
    ran = run_console("cost", "--within-ms", "20")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Error: --within-ms needs measured times\nTry: add --from-benchmark")


def test_other_prices_can_be_used(tmp_path: Path, run_console: RunConsole) -> None:
    content = json.loads(OWN_FILE.read_text()) | {"date": "2030-01-01"}
    content["prices"]["trace"]["usd"] = 0
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(content))
    found = json.loads(run_console("cost", "--json", "--prices", str(path)).out)
    assert found["prices"]["date"] == "2030-01-01"
    assert found["usd_per_month_by_service"]["ddb"]["traces"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["--rows", "0"], 2, "Error: --rows: given 0, allowed: 1 to 1e+09"),
        (["--rows", "nan"], 2, "Error: --rows: given nan"),
        (["--rows", "many"], 2, "Error: Invalid value for '--rows'"),
        (["--architecture", "sparc"], 2, "Error: Invalid value for '--architecture'"),
        (["--tmp-mb", "100"], 2, "Error: --tmp-mb: given 100, allowed: 512 to 10240"),
        (["--prices", "nowhere.json"], 1, "Error: nowhere.json cannot be read"),
        (["--from-benchmark", "nowhere.json"], 1, "Error: nowhere.json cannot be read"),
    ],
)
def test_what_cannot_be_used_is_said(arguments: list[str], code: int, error: str, run_console: RunConsole) -> None:
    ran = run_console("cost", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(error)
    assert ran.err.splitlines()[1].startswith("Try: ")
