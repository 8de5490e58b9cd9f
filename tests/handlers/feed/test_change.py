"""A change of the data model: code of both versions feeds PostgreSQL side by side, each a table of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.handlers.feed.site import Site
from tests.handlers.test_schema_change import NEW, OLD
from tests.handlers.versions import Version
from tests.support.api import Context


class Fed(Version):
    """The functions with one `rows.py`, and the relational function beside them."""

    def __init__(self, source: str, environ: dict[str, str]) -> None:
        super().__init__(source, environ)
        with self.active():
            self._relational = self.module("relational").make_handler(environ)

    def relate(self, **event: object) -> dict[str, Any]:
        with self.active():
            return self._relational(event, Context())

    def stop(self) -> None:
        self._relational._database.close()


@pytest.fixture
def versions(environ: dict[str, str], database_url: str) -> Iterator[tuple[Fed, Fed]]:
    environ = {**environ, "DATABASE_URL": database_url, "DATABASE_AUTH": "trust"}
    both = Fed(OLD, environ), Fed(NEW, environ)
    yield both
    for version in both:
        version.stop()


def test_either_version_proves_its_own_table_against_the_one_head(versions: tuple[Fed, Fed], site: Site) -> None:
    old, new = versions
    old.send("POST", "/insert", {"items": [{"amount": 1.5, "city": "Rome\0"}, {"amount": 2, "city": "Åland"}]})
    assert old.relate(task="maintain")["is_done"]
    assert new.relate(task="maintain")["rows"] == 2
    new.send("POST", "/insert", {"items": [{"amount": 3, "city": "Oslo", "currency": "USD"}]})
    for version in versions:
        assert version.relate(task="maintain")["rows"] == 1
        done = version.relate(task="verify", level="full", with_ledger=True)
        assert (done["proven"], done["compared"]) == (3, 3)
    found = dict(site.ask("SELECT schema_version, counterpart_hash IS NOT NULL FROM home WHERE is_live"))
    assert found == {old.model.schema_version: False, new.model.schema_version: True}


def test_a_new_epoch_takes_over_the_rows_of_both_versions(versions: tuple[Fed, Fed], site: Site) -> None:
    old, new = versions
    old.send("POST", "/insert", {"items": [{"amount": 1.5, "city": "Rome"}]})
    for version in versions:
        version.relate(task="maintain")
    assert new.send("POST", "/snapshots", {"new_epoch": True}).status == 201
    for version in versions:
        assert version.relate(task="maintain")["copied"] == 1
        assert version.relate(task="verify", level="full")["proven"] == 1


def test_what_is_read_is_held_by_the_columns_that_there_are(versions: tuple[Fed, Fed], site: Site) -> None:
    old, new = versions
    old.send("POST", "/insert", {"items": [{"amount": 1.5, "city": "Rome"}]})
    for version in versions:
        version.relate(task="maintain")
    table = f'"rows_{new.model.schema_version}_{site.ask("SELECT max(epoch) FROM home")[0][0]}"'
    site.ask(f"UPDATE {table} SET city = 'Oslo'::bytea")
    with pytest.raises(Exception, match=r"row 1 \(.*\) has a text that is not that of its columns"):
        new.relate(task="verify", level="full")
    assert new.relate(task="verify", level="full")["proven"] == 1
    assert old.relate(task="verify", level="full")["proven"] == 1
