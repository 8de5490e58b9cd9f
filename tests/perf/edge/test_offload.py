"""The load is the one that is stated, and the shares are those of what was counted."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.perf.edge.__main__ import offload_table
from tests.perf.edge.load import PAGES, Load, expected_share, reads
from tests.perf.edge.offload import Offload

LOAD = Load(per_s=100, at_once=20, as_of_share=0.25)


def test_a_load_is_what_it_says() -> None:
    sent = [*reads(LOAD, 100, "1.7")]
    assert sent == [*reads(LOAD, 100, "1.7")]
    assert len(sent) == 10_000
    assert [read.due_s for read in sent[18:22]] == [0, 0, 0.2, 0.2]
    assert sum("as_of=1.7" in read.path for read in sent) == pytest.approx(2_500, rel=0.05)
    asked = Counter(read.path.partition("&")[0] for read in sent)
    assert len(asked) == PAGES
    assert asked["/sqlite-efs?limit=51"] == pytest.approx(2 * asked["/sqlite-efs?limit=52"], rel=0.1)


def test_the_share_that_is_expected_grows_with_age_and_pace() -> None:
    assert expected_share(LOAD, 0) == 0
    assert expected_share(LOAD, 1) < expected_share(LOAD, 5) < expected_share(LOAD._replace(per_s=1000), 5) < 1
    assert expected_share(LOAD._replace(as_of_share=1), 5) == 0


def test_a_share_is_of_what_the_clients_got() -> None:
    found = Offload(LOAD, 1, asked=200, seen=50, unchanged=10, asked_bytes=1000, seen_bytes=100)
    head, _, line = offload_table([found]).splitlines()
    assert "`SHARED_MAX_AGE_S=1`" in head
    assert line == "| 100 a second, 20 at once, 25 % with `as_of` | 75 %; 90 % |"
