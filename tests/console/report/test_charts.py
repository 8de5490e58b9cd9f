from __future__ import annotations

import re
from pathlib import Path

from console.report.charts import COLOURS, MARKERS, WIDTHS, save, shown_at
from console.report.growth_chart import SHIFTS
from console.report.percentile_chart import latency_by_percentile
from console.results.result import LEDGER
from handlers.routes import HOMES
from tests.support.results import measurement, size


def test_equal_results_give_equal_files_without_a_date(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save(latency_by_percentile(size(measurement())), tmp_path / name)
    one, two = ((tmp_path / name).read_text() for name in ("one", "two"))
    assert one == two
    assert not re.search(r"20\d\d-\d\d-\d\d", one)
    assert "newest-100" in one  # text stays text


def test_every_source_has_a_look_of_its_own() -> None:
    for look in (COLOURS, MARKERS):
        assert len(set(look.values())) == len(look)
    for named in (COLOURS, MARKERS, WIDTHS, SHIFTS):
        assert set(named) == {*HOMES, LEDGER}
    assert WIDTHS["sqlite-efs"] >= 2 * WIDTHS["sqlite-tmp"]  # it shows on both sides of what is drawn over it


def test_what_has_no_latency_is_not_shown_nor_are_stray_first_requests() -> None:
    usual, stray = measurement(), measurement("by-id", "ddb", temperature="cold")
    assert [at.measurement for at in shown_at([size(usual, stray, measurement("range", note="none"))])] == [usual]
