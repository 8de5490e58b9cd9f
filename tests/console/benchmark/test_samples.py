from __future__ import annotations

import csv
import io
import json
import signal

import pytest

from console.benchmark.probe import Exchange
from console.benchmark.samples import COLUMNS, Kind, Sample, Samples

MEMBERS = {"timings_ms": {"query": 0.25, "total": 0.5}, "consumed": {"read_units": 0.5, "init_ms": None}}
GOOD = Exchange(10.0, 10.001, 10.004, None, MEMBERS)


def test_a_sample_counts_from_the_start_or_from_what_is_said() -> None:
    sample = Sample.from_exchange(GOOD)
    assert (sample.at_s, round(sample.client_ms, 6), sample.server_ms) == (10.0, 4.0, 0.5)
    assert (sample.phases_ms, sample.consumed) == ({"query": 0.25, "total": 0.5}, {"read_units": 0.5})
    assert (sample.http_requests, sample.error) == (1, None)
    late = Sample.from_exchange(GOOD, 9.5)
    assert (late.at_s, round(late.client_ms, 6)) == (9.5, 504.0)


def test_only_the_receipt_makes_a_sample_cold() -> None:
    assert Sample.from_exchange(GOOD).temperature == "warm"
    first = Exchange(1.0, 1.0, 2.0, None, {"timings_ms": {"total": 1}, "consumed": {"init_ms": 80}})
    assert Sample.from_exchange(first).temperature == "cold"


def test_several_requests_add_up() -> None:
    one = Sample(1.0, 2.0, None, 1, {"query": 1.0, "total": 1.5}, {"read_units": 1.0})
    other = Sample(9.0, 3.0, None, 1, {"query": 2.0, "check": 0.5, "total": 2.5}, {"read_units": 2.0})
    phases_ms = {"query": 3.0, "total": 4.0, "check": 0.5}
    assert Sample.from_several([one, other]) == Sample(1.0, 5.0, None, 2, phases_ms, {"read_units": 3.0})


def test_several_requests_of_which_the_last_fails_are_a_failure() -> None:
    one = Sample(1.0, 2.0, None, 1, {"total": 1.5}, {"read_units": 1.0})
    total = Sample.from_several([one, Sample(9.0, 3.0, "503", 1, {}, {})])
    assert (total.error, total.server_ms, total.http_requests, total.client_ms) == ("503", None, 2, 5.0)


def test_every_sample_is_a_line_at_once() -> None:
    raw = io.StringIO()
    samples = Samples(raw, 1000, 8.0)
    kind = Kind("by-id", "ddb", "open")
    samples.add(kind, Sample.from_exchange(GOOD))
    first = dict(zip(COLUMNS, next(csv.reader(io.StringIO(raw.getvalue()))), strict=True))
    assert json.loads(first.pop("phases_ms")) == {"query": 0.25, "total": 0.5}
    assert json.loads(first.pop("consumed")) == {"read_units": 0.5}
    assert list(first.values()) == ["1000", "by-id", "ddb", "open", "warm", "2.000000", "4.000", "0.500", "", "1"]
    samples.add(kind, Sample(8.5, 35_000.0, "timeout", 1, {}, {}))
    second = raw.getvalue().splitlines()[1]
    assert second == "1000,by-id,ddb,open,warm,0.500000,35000.000,,timeout,1,,"
    assert len(samples.by_kind[kind]) == 2


class Interrupting(io.StringIO):
    """Ctrl-C arrives while a line is being written."""

    def write(self, text: str) -> int:
        signal.raise_signal(signal.SIGINT)
        return super().write(text)


def test_ctrl_c_while_a_sample_is_kept_leaves_it_in_the_figures_and_in_the_file() -> None:
    raw = Interrupting()
    samples = Samples(raw, 1000, 8.0)
    kind = Kind("by-id", "ddb", "closed")
    with pytest.raises(KeyboardInterrupt):
        samples.add(kind, Sample.from_exchange(GOOD))
    assert len(samples.by_kind[kind]) == len(raw.getvalue().splitlines()) == 1
