from __future__ import annotations

from collections.abc import Iterator

import pytest

from handlers.postgres.connection import Database
from handlers.settings import Settings
from tests.support.api import Api


@pytest.fixture
def environ(environ: dict[str, str], database_url: str) -> dict[str, str]:
    """The functions' environment, with PostgreSQL."""
    return {**environ, "POSTGRES": "on", "DATABASE_URL": database_url, "DATABASE_AUTH": "trust"}


@pytest.fixture
def api(environ: dict[str, str]) -> Iterator[Api]:
    """All functions, called in process as the gateway calls them."""
    made = Api(environ)
    yield made
    made.database.close()


@pytest.fixture
def database(environ: dict[str, str]) -> Iterator[Database]:
    made = Database(Settings(environ))
    yield made
    made.close()
