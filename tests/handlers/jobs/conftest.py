from __future__ import annotations

from pathlib import Path

import pytest

from handlers.ledger.ledger import Ledger
from tests.support.jobs.site import JobSite


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> JobSite:
    return JobSite(ledger, tmp_path)


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator's queue goes by its own clock."""
    monkeypatch.setattr("handlers.jobs.turns.HAND_OVER_S", 0.0)
