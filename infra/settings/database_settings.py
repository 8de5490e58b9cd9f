"""The settings of PostgreSQL: whether there is one, what it runs on, and the home that GET /rows answers from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from handlers.routes import HOMES, POSTGRES
from infra.settings.network_settings import GROUP_ID, NetworkSettings
from infra.typed_config import TypedConfig

NONE, RDS = "none", "rds"
CLASS = r"db\.[a-z0-9]+\.[a-z0-9]+"
MOST_BACKUP_DAYS = 35  # what RDS takes
LEAST_STORAGE_GB, MOST_STORAGE_GB = 20, 65536  # of gp3
ROOTS = Path(__file__).parents[2] / "handlers/postgres/roots"  # a file for each region, and one for proxies


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """A database, if there is one, and its parts.

    Args:
        is_there: whether RDS runs PostgreSQL.
        provider: the home that `/rows` answers from.
        instance_class: the machine that it runs on.
        storage_gb: the size of its disk.
        has_proxy: whether RDS Proxy stands before it.
        multi_az: whether a second machine in another zone takes over when the first is gone.
        backup_days: how long its own backups are kept; it can be had back as it was at any second of them.
        group_id: its security group, in a network whose groups are there already.
    """

    is_there: bool
    provider: str
    instance_class: str
    storage_gb: int
    has_proxy: bool
    multi_az: bool
    backup_days: int
    group_id: str

    def environment(self) -> dict[str, str]:
        """Return what the functions have to know of it."""
        return {"DB_PROVIDER": self.provider, "POSTGRES": "on" if self.is_there else "off"}


def read_database(config: TypedConfig, network: NetworkSettings, region: str) -> DatabaseSettings:
    """Return the settings of the database. Raises ConfigError for the first that cannot be used."""
    database = DatabaseSettings(
        is_there=config.choice("postgres", NONE, RDS) == RDS,
        provider=config.choice("dbProvider", *HOMES),
        instance_class=config.text("postgresClass", "a class such as db.t4g.micro", _is_class),
        storage_gb=config.integer("postgresStorageGb", LEAST_STORAGE_GB, MOST_STORAGE_GB),
        has_proxy=config.flag("postgresProxy"),
        multi_az=config.flag("postgresMultiAz"),
        backup_days=config.integer("postgresBackupDays", 1, MOST_BACKUP_DAYS),
        group_id=config.matching("databaseGroupId", GROUP_ID, "a security group of vpcId"),
    )
    if database.is_there:
        _check_region(config, region)
    else:
        _refuse_what_needs_it(config, database)
    _check_group(config, database, network)
    return database


def _is_class(text: str) -> bool:
    return re.fullmatch(CLASS, text) is not None


def _check_region(config: TypedConfig, region: str) -> None:
    """Refuse a region whose certificates the function could not check, before a database is made there."""
    if not (ROOTS / f"{region}.pem").is_file():
        known = sorted(path.stem for path in ROOTS.glob("*-*.pem"))
        raise config.fail("postgres", RDS, f"none in {region}; rds in {', '.join(known)}")


def _refuse_what_needs_it(config: TypedConfig, database: DatabaseSettings) -> None:
    if database.provider == POSTGRES:
        raise config.fail("dbProvider", POSTGRES, "another home without postgres rds")
    if database.has_proxy:
        raise config.fail("postgresProxy", "true", "false without postgres rds")
    if database.group_id:
        raise config.fail("databaseGroupId", database.group_id, "none without postgres rds")


def _check_group(config: TypedConfig, database: DatabaseSettings, network: NetworkSettings) -> None:
    """Hold the database's group against the network's: the stack makes all of them, or none."""
    if bool(database.group_id) != (database.is_there and bool(network.function_group_id)):
        allowed = "a group of the database's own beside functionGroupId with postgres rds; none without functionGroupId"
        raise config.fail("databaseGroupId", database.group_id, allowed)
