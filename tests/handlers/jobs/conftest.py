from __future__ import annotations

from pathlib import Path

import pytest

from handlers.ledger.ledger import Ledger
from tests.support.jobs.site import JobSite


@pytest.fixture
def site(ledger: Ledger, tmp_path: Path) -> JobSite:
    return JobSite(ledger, tmp_path)
