"""Databases of a real PostgreSQL: one server a test process, started when first asked for, and a database a test."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from console.local.database.server import PostgresServer
from console.paths import ROOT

MIGRATED = "migrated"
_numbers = itertools.count(1)


def make_template(server: PostgresServer) -> str:
    """Make a database as the migrations leave it: to copy one is faster than to migrate. Returns its name."""
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {MIGRATED}".encode())
    with psycopg.connect(server.url(MIGRATED), autocommit=True) as connection:
        for path in sorted((ROOT / "db" / "migrations").glob("*.sql")):
            connection.execute(path.read_text().partition("-- migrate:down")[0].encode())
    return MIGRATED


@contextmanager
def new_database(server: PostgresServer, template: str = "template1") -> Generator[str]:
    """Yield the URL of a new database, and remove it with whoever is still connected to it."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        try:
            yield server.url(name)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
