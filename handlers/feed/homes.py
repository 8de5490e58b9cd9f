"""All homes of the data model: which one is read, which one grows, and the change from one to another.

A home that was found damaged is fed anew beside itself: its replacement has the epoch with a minus before it, until it
takes its place. So there is one table for each history to read, and never one that is half done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from handlers.domain.bookmark import NOTHING, Bookmark
from handlers.feed.growth import DivergedHomeError, opened_home
from handlers.postgres.home import Home, all_homes, save_home
from handlers.postgres.tables import table_name
from handlers.rows import MODEL

if TYPE_CHECKING:
    from psycopg import Connection

    from handlers.ledger.head import Head

UNREAD = "UPDATE home SET is_live = false, changed_at = now() WHERE schema_version = %s AND is_live"
FORGET = "DELETE FROM home WHERE schema_version = %s AND epoch = %s"


class Homes:
    """The homes of the data model at one moment.

    Args:
        connection: reads them.
        locks: for the transaction that is open alone to change.

    Attributes:
        live: the one that is read; None: none is.
    """

    def __init__(self, connection: Connection[Any], *, locks: bool = False) -> None:
        self._by_epoch = {home.epoch: home for home in all_homes(connection, locks=locks)}
        self.live = next((home for home in self._by_epoch.values() if home.is_live), None)

    @property
    def visible(self) -> Bookmark:
        """Return what readers can see."""
        return self.live.bookmark if self.live else NOTHING

    @property
    def are_new(self) -> bool:
        """Tell whether nothing of any history was fed yet."""
        return self._by_epoch.keys() <= {NOTHING.epoch}

    def get(self, epoch: int) -> Home | None:
        """Return the home of a history; None where there is none."""
        return self._by_epoch.get(epoch)

    def target(self, head: Head) -> Home:
        """Return the home to feed, which need not be there yet.

        The homes have to be read before the head, because both only ever grow.

        Raises DivergedHomeError where one of them is beyond the head.
        """
        for home in self._by_epoch.values():
            held = Bookmark(abs(home.epoch), home.seq)
            if held > head.bookmark:
                raise DivergedHomeError(f"PostgreSQL holds {held}, beyond the ledger's head {head.bookmark}")
        return self.get(-head.epoch) or self.get(head.epoch) or Home.new(head.epoch, is_live=False)


def check_home(home: Home, head: Head) -> None:
    """Hold a home against the ledger, where both are at the same point. Raises DivergedHomeError."""
    if home.seq == head.seq and home.hash_in(head.columns) != head.hash:
        raise DivergedHomeError(
            f"PostgreSQL's rows 1 to {home.seq} do not have the hash that the head {head.bookmark} says"
        )


def go_live(connection: Connection[Any], epoch: int, head: Head) -> Homes:
    """Let readers read a home that is at the head, unless they read a newer one; return what there is then.

    One that has been fed beyond this head could not be proven by it: whoever feeds it knows a newer one.

    Raises DivergedHomeError.
    """
    with connection.transaction():
        homes = Homes(connection, locks=True)
        home = homes.get(epoch)
        if home is None or home.is_live or home.seq != head.seq or homes.visible.epoch > head.epoch:
            return homes
        check_home(home, head)
        # No query is planned without statistics; afterwards readers would wait for them behind the change of tables.
        connection.execute(f"ANALYZE {table_name(home.epoch)}".encode())
        if home.epoch < 0:
            _take_place(connection, home.epoch)
        connection.execute(UNREAD, (MODEL.schema_version,))
        save_home(connection, replace(home, epoch=head.epoch, is_live=True))
        return Homes(connection)


def table_id(connection: Connection[Any], epoch: int) -> int | None:
    """Return what tells the table of a history from the one that may take its place; None where there is none."""
    ((found,),) = connection.execute("SELECT to_regclass(%s)::oid::bigint", (table_name(epoch),)).fetchall()
    return found


def begin_replacement(connection: Connection[Any], epoch: int, table: int | None) -> None:
    """Have a damaged home fed anew, from the first row on: nobody reads it any more.

    Args:
        epoch: of the home; below zero: a replacement itself.
        table: what was found damaged, by `table_id`. Where another has its place by now, nothing is done.
    """
    with connection.transaction():
        Homes(connection, locks=True)
        if table_id(connection, epoch) != table:
            return
        connection.execute(UNREAD, (MODEL.schema_version,))
        _discard(connection, -abs(epoch))
        opened_home(connection, -abs(epoch))


def discard_unread(connection: Connection[Any], epoch: int) -> None:
    """Remove a home with its table, unless readers read it by now."""
    with connection.transaction():
        live = Homes(connection, locks=True).live
        if live is None or live.epoch != epoch:
            _discard(connection, epoch)


def _discard(connection: Connection[Any], epoch: int) -> None:
    connection.execute(FORGET, (MODEL.schema_version, epoch))
    connection.execute(f"DROP TABLE IF EXISTS {table_name(epoch)}".encode())


def _take_place(connection: Connection[Any], epoch: int) -> None:
    """Put the table of a replacement in the place of the damaged one."""
    _discard(connection, -epoch)
    connection.execute(FORGET, (MODEL.schema_version, epoch))
    connection.execute(f"ALTER TABLE {table_name(epoch)} RENAME TO {table_name(-epoch)}".encode())
    names = connection.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = %s::regclass", (table_name(-epoch),)
    ).fetchall()
    for (name,) in names:
        connection.execute(f"ALTER INDEX {name} RENAME TO {name.replace(str(epoch), str(-epoch))}".encode())
