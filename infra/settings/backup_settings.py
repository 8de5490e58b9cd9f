"""The settings of backups: whether AWS Backup copies the table every day, the file system too, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from infra.typed_config import TypedConfig

NONE, TABLE, ALL = "none", "table", "all"


@dataclass(frozen=True, kw_only=True)
class BackupSettings:
    """The backups beside point-in-time recovery, which the table always has.

    Args:
        of: `none`; `table`, the ledger; `all`, the file system too, which can be built again from the ledger.
        days: how long each is kept.
    """

    of: str
    days: int


def read_backup(config: TypedConfig) -> BackupSettings:
    """Return the settings of backups. Raises ConfigError for the first that cannot be used."""
    return BackupSettings(of=config.choice("backup", NONE, TABLE, ALL), days=config.integer("backupDays", 1, 10 * 365))
