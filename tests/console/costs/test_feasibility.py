from __future__ import annotations

from dataclasses import replace

import pytest

from console.costs.feasibility import obstacles
from console.costs.scenario import Scenario

SQLITE = ["sqlite-efs", "sqlite-tmp"]


@pytest.mark.parametrize(("tmp_mb", "rows", "stopped"), [(512, 512, []), (512, 513, SQLITE), (1024, 1024, [])])
def test_a_snapshot_of_one_segment_that_does_not_fit_into_tmp_cannot_be_built(
    tmp_mb: int, rows: int, stopped: list[str]
) -> None:
    assert list(obstacles(Scenario(rows=rows, snapshot_row_bytes=2**20, tmp_mb=tmp_mb))) == stopped


@pytest.mark.parametrize(("rows", "stopped"), [(524_288, []), (524_289, ["sqlite-tmp"]), (1e9, ["sqlite-tmp"])])
def test_a_snapshot_of_many_segments_has_to_fit_into_tmp_where_it_is_copied(rows: float, stopped: list[str]) -> None:
    assert list(obstacles(Scenario(rows=rows, snapshot_row_bytes=1024))) == stopped  # 512 MiB, and a row more


def test_no_segment_has_more_than_250_000_rows() -> None:
    fat = Scenario(rows=1e9, snapshot_row_bytes=4096)  # 250 000 rows: 976.5625 MiB
    assert list(obstacles(replace(fat, tmp_mb=976))) == SQLITE
    assert list(obstacles(replace(fat, tmp_mb=977))) == ["sqlite-tmp"]


def test_the_reason_says_what_to_do_about_it() -> None:
    assert obstacles(Scenario(rows=1500, snapshot_row_bytes=1e6)) == dict.fromkeys(
        SQLITE, "a segment of 1,500 MB cannot be built in 512 MB of /tmp (set tmpMb, at most 10,240)"
    )
    assert obstacles(Scenario(rows=11_000, snapshot_row_bytes=1e6))["sqlite-efs"] == (
        "a segment of 11,000 MB cannot be built in 512 MB of /tmp (Lambda has no more)"
    )
    assert obstacles(Scenario(rows=5e6, snapshot_row_bytes=300)) == {
        "sqlite-tmp": "a copy of 1,500 MB does not fit in 512 MB of /tmp (set tmpMb, at most 10,240)"
    }
    assert obstacles(Scenario(rows=5e7, snapshot_row_bytes=300))["sqlite-tmp"].endswith("(Lambda has no more)")
