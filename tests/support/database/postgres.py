"""Databases of a real PostgreSQL: one server a test process, started when first asked for, and a database a test."""

from __future__ import annotations

import itertools
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from console.local.database.server import PostgresServer

_numbers = itertools.count(1)


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
