from __future__ import annotations

import pytest

from tests.faults.jobs.histories import History

PORTION = 20


@pytest.mark.parametrize("first", range(0, 100, PORTION))
def test_whatever_happens_every_row_is_there_once_and_in_order(monkeypatch: pytest.MonkeyPatch, first: int) -> None:
    for number in range(first, first + PORTION):
        try:
            History(monkeypatch, number).run()
        except BaseException as error:
            error.add_note(f"history {number}")
            raise
