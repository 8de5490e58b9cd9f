from __future__ import annotations

from dataclasses import replace
from random import Random

import psycopg
import pytest

from console.costs.database.instance import DATABASE_BYTES_A_ROW_BYTE, backup_gb, database_bill, used_gb
from console.costs.prices import GB, DatabaseClass
from console.costs.row_size import random_row_bytes
from console.costs.scenario import Scenario
from handlers.domain.timestamps import utc_text
from handlers.postgres import tables
from handlers.rows import MODEL
from tests.support.costs import PRICES

THERE = Scenario(postgres=1, rows=1000, row_bytes=1000, writes_per_month=0)
FULL = replace(THERE, rows=100 * GB / 3900)  # 100 GB with their indexes


def test_without_postgresql_there_is_nothing_to_pay() -> None:
    assert database_bill(PRICES, Scenario()) == {}


def test_a_small_database_is_a_machine_and_the_least_disk_whatever_is_read() -> None:
    assert database_bill(PRICES, THERE) == {
        "machine": pytest.approx(720 * 0.016),
        "storage": pytest.approx(20 * 0.10),
        "backups": 0,
        "proxy": 0,
        "secret": 0.40,
    }
    assert database_bill(PRICES, replace(THERE, reads_per_month=1e9)) == database_bill(PRICES, THERE)


@pytest.mark.parametrize(
    ("database_class", "hour_usd"),
    [("db.t4g.micro", 0.016), ("db.t4g.small", 0.032), ("db.t4g.medium", 0.064), ("db.t4g.large", 0.128)],
)
def test_each_class_has_its_price(database_class: DatabaseClass, hour_usd: float) -> None:
    found = database_bill(PRICES, replace(THERE, database_class=database_class))
    assert found["machine"] == pytest.approx(720 * hour_usd)


def test_a_second_zone_is_a_second_machine_and_a_second_disk() -> None:
    one, two = database_bill(PRICES, FULL), database_bill(PRICES, replace(FULL, multi_az=1))
    assert {name for name in one if two[name] != one[name]} == {"machine", "storage"}
    assert (two["machine"], two["storage"]) == (2 * one["machine"], 2 * one["storage"])


def test_a_proxy_is_paid_for_two_processors_at_least() -> None:
    assert database_bill(PRICES, replace(THERE, proxy=1))["proxy"] == pytest.approx(720 * 2 * 0.015)


def test_backups_cost_what_they_are_beyond_the_disk() -> None:
    assert database_bill(PRICES, FULL)["storage"] == pytest.approx(100 * 0.10)
    written = replace(FULL, writes_per_month=FULL.rows / 10, backup_days=6)  # 10 GB a month
    assert used_gb(written) == pytest.approx(100)
    assert backup_gb(written) == pytest.approx(102)
    assert database_bill(PRICES, written)["backups"] == pytest.approx(2 * 0.09)


@pytest.mark.usefixtures("rows_as_shipped")
def test_a_row_takes_about_what_it_takes_on_a_real_server(database_url: str) -> None:
    drafts = Random(1)
    rows = [MODEL.row_of(seq, f"{seq:026d}", MODEL.random_draft(drafts), utc_text(seq / 10)) for seq in range(1, 4001)]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(tables.table_sql(1).encode())
        for statement in tables.indexes_sql(1):
            connection.execute(statement.encode())
        columns = ", ".join(tables.SQL_COLUMNS)
        with connection.cursor().copy(f"COPY {tables.table_name(1)} ({columns}) FROM STDIN".encode()) as copy:
            for values in tables.values_of(rows):
                copy.write_row(values)
        (size_bytes,) = connection.execute("SELECT pg_total_relation_size(%s)", (tables.table_name(1),)).fetchone() or (
            0,
        )
    assert size_bytes / len(rows) / random_row_bytes() == pytest.approx(DATABASE_BYTES_A_ROW_BYTE, rel=0.15)
