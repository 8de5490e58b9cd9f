from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import pytest
import yaml

from console.costs.bill import totals_usd
from console.costs.options.inputs import INPUTS, option
from console.costs.options.needs import NEEDS, check_needs
from console.costs.prices import load
from console.costs.scenario import Scenario, assemble, names, vary
from console.costs.work import work_bills
from console.errors import ConsoleError
from console.paths import ROOT
from tests.console.conftest import RunConsole

pytestmark = pytest.mark.usefixtures("rows_as_shipped")


def test_given_beats_measured_and_measured_beats_assumed() -> None:
    found = assemble({"rows": 10.0, "architecture": "x86"}, {"rows": 20.0, "ddb_ms": 7.0})
    scenario, origins = found.scenario, found.origins
    assert (scenario.rows, scenario.ddb_ms, scenario.sqlite_tmp_ms, scenario.architecture) == (10.0, 7.0, 3, "x86")
    assert (origins["rows"], origins["ddb_ms"], origins["sqlite_tmp_ms"]) == ("given", "measured", "assumed")
    assert (origins["architecture"], origins["memory_mb"]) == ("given", "setting")
    assert list(origins) == names()


def test_what_nobody_says_follows_from_the_rest() -> None:
    scenario = Scenario(rows=1000, row_bytes=200, writes_per_month=30, rows_per_read=50)
    assert scenario.snapshot_bytes == 1000 * 200 * 2.7
    assert scenario.publishes == 30
    assert scenario.ddb_read_units == 1 + 3  # the head; 50 rows are 10 000 bytes, three times 4096 begun
    known = scenario.numbers()
    assert (known["snapshot_row_bytes"], known["publishes_per_month"], known["read_units"]) == (540, 30, 4)


def test_one_row_is_read_by_its_id_which_takes_half_a_unit_beside_the_head() -> None:
    assert Scenario(rows_per_read=1).ddb_read_units == 1.5
    assert Scenario(rows_per_read=1, row_bytes=5000).ddb_read_units == 2  # twice 4096 begun
    assert Scenario(rows_per_read=2).ddb_read_units == 2


def test_what_is_said_does_not_follow() -> None:
    scenario = Scenario(rows=1000, snapshot_row_bytes=300, publishes_per_month=0, read_units=1.5)
    assert (scenario.snapshot_bytes, scenario.publishes, scenario.ddb_read_units) == (300_000, 0, 1.5)


def test_the_stack_s_own_settings_are_the_defaults() -> None:
    scenario = Scenario()
    assert (scenario.check_interval_ms, scenario.retain_s, scenario.verify_max_bytes) == (1000, 3600, 16 * 2**20)


def test_the_deployed_stack_s_settings_are_the_defaults() -> None:
    """Those that its functions are not told of, but that a bill depends on."""
    config = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    declared = [config[name]["default"] for name in ("tmpMb", "queryMemoryMb", "commandMemoryMb")]
    assert declared == [Scenario.tmp_mb, Scenario.memory_mb, Scenario.memory_mb]


def test_every_number_has_limits_a_meaning_and_a_default_within() -> None:
    assert set(INPUTS) | set(Scenario().choices()) == {field.name for field in fields(Scenario)}
    for name, value in Scenario().numbers().items():
        assert INPUTS[name].least <= value <= INPUTS[name].most
        assert INPUTS[name].meaning
        assert bool(INPUTS[name].follows) == (getattr(Scenario(), name) is None)


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("origin", ["given", "measured"])
def test_a_value_outside_its_limits_is_refused(name: str, origin: str) -> None:
    for value in (INPUTS[name].least - 1, math.nextafter(INPUTS[name].most, math.inf), math.nan, math.inf):
        values = {name: value}
        with pytest.raises(ConsoleError, match=f"{option(name)}: {origin} .*, allowed: ") as raised:
            assemble(values if origin == "given" else {}, values if origin == "measured" else {})
        assert raised.value.code == 2


def test_one_number_is_varied_and_nothing_else() -> None:
    assert vary(Scenario(), "rows", 7) == Scenario(rows=7)


def costs(scenario: Scenario) -> tuple[object, object]:
    prices = load().prices
    return totals_usd(prices, scenario), work_bills(prices, scenario)


def other(name: str) -> Any:
    """Return a value that the option is not by default."""
    if name == "database_class":
        return "db.t4g.small"
    return INPUTS[name].most if name in ("cached", "firewall") else 700.0


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_what_needs_another_option_counts_with_it_alone(name: str) -> None:
    plain = Scenario(writes_per_month=1e6, rows_per_write=1000) if name == "backup_days" else Scenario()
    assert costs(replace(plain, **{name: other(name)})) == costs(plain)
    for switch in NEEDS[name]:
        with_it = replace(plain, **{switch: 1.0})
        assert costs(replace(with_it, **{name: other(name)})) != costs(with_it)


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_without_it_the_option_is_refused(name: str) -> None:
    with pytest.raises(ConsoleError, match=f"^--{name.replace('_', '-')} counts for nothing without --") as error:
        check_needs({name: other(name)})
    assert error.value.code == 2
    check_needs({name: 0.0})
    for switch in NEEDS[name]:
        check_needs({name: other(name), switch: 1.0})


@pytest.mark.parametrize("edge", [(), ("--edge", "0")], ids=["not given", "off"])
def test_the_console_names_what_is_missing(run_console: RunConsole, edge: tuple[str, ...]) -> None:
    ran = run_console("cost", "--firewall", "1", *edge)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "Error: --firewall counts for nothing without --edge\nTry: add --edge 1\n"


def test_of_several_it_takes_one() -> None:
    with pytest.raises(ConsoleError, match="without --jobs or --lake or --notifications or "):
        check_needs({"worker_memory_mb": 512.0})
