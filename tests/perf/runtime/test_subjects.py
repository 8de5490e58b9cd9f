"""The subjects answer alike, before anything is timed; ratios are those of paired blocks."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from handlers.query import make_handler
from tests.perf.runtime.asking import REQUESTS, event_of, is_right
from tests.perf.runtime.data import Versions
from tests.perf.runtime.paired import Paired, turns
from tests.perf.sandboxes.subjects import OURS, PLAIN


@pytest.mark.parametrize("name", REQUESTS)
def test_ours_and_plain_answer_alike_also_a_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    versions = Versions(tmp_path / "data", 30)
    ours = make_handler(versions.environ(OURS, tmp_path / "ours", CHECK_INTERVAL_MS="0"))
    for variable, value in versions.copying_environ(tmp_path / "plain").items():
        monkeypatch.setenv(variable, value)
    plain = importlib.reload(importlib.import_module(f"tests.perf.sandboxes.functions.{PLAIN}"))
    for count in (30, 31):
        asked = json.loads(event_of(name, count))
        for handler in (ours, plain.handler):
            assert is_right(name, json.loads(str(handler(asked, None)["body"])), count)
        versions.add_row()


def test_a_wrong_answer_is_not_right() -> None:
    assert not is_right("statistics", {"count": 29}, 30)
    assert not is_right("newest 100", {"data": []}, 30)
    assert not is_right("one by id", {"id": "other"}, 30)


def test_a_ratio_is_the_median_of_paired_blocks() -> None:
    paired = Paired("plain")
    for own, of_plain in ((1.0, 2.0), (30.0, 40.0), (8.0, 4.0)):  # the machine was slow meanwhile, for both
        paired.add("ours", [own, own * 9, own])
        paired.add("plain", [of_plain])
    assert paired.ratios() == {"ours": 0.75, "plain": 1.0}
    assert paired.ratios("ours")["plain"] == pytest.approx(4 / 3)
    assert paired.base_median() == 4.0


def test_every_other_round_has_the_order_reversed() -> None:
    assert [list(turns("ab", number)) for number in range(3)] == [["a", "b"], ["b", "a"], ["a", "b"]]
