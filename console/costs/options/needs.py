"""The options that count for nothing without others."""

from __future__ import annotations

from collections.abc import Mapping

from console.costs.options.inputs import option
from console.errors import ConsoleError

FRONT = ("cached", "answer_row_bytes", "page_views_per_month", "edge_log_days", "firewall")
DATABASE = (
    *("database_class", "multi_az", "proxy", "backup_days"),
    *("postgres_ms", "postgres_first_ms", "feed_ms"),
)
# What counts for nothing without another value, or without any of others.
NEEDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(FRONT, ("edge",)),
    **dict.fromkeys(("sessions_per_month", "minutes_per_session"), ("sessions",)),
    **dict.fromkeys(("rows_per_import", "import_rows_per_s"), ("imports_per_month",)),
    **dict.fromkeys(("lake_rounds", "lake_row_bytes"), ("lake",)),
    **dict.fromkeys(DATABASE, ("postgres",)),
    "notified_addresses": ("notifications",),
    "worker_memory_mb": ("jobs", "lake", "notifications", "imports_per_month", "rebuilds_per_month"),
}


def check_needs(given: Mapping[str, object]) -> None:
    """Raise ConsoleError for the first option whose number would be swallowed; 0 is what counts without it anyway."""
    for name, others in NEEDS.items():
        if given.get(name) and not any(given.get(other) for other in others):
            needed = " or ".join(map(option, others))
            raise ConsoleError(f"{option(name)} counts for nothing without {needed}", f"add {option(others[0])} 1", 2)
