"""Make the database of a time-recording application, the same for the same arguments.

python examples/timerecord/generate.py time.db --work-sessions 100000
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

SCHEMA = Path(__file__).with_name("schema.sql")
ROLES = ("member", "member", "member", "member", "manager", "admin")
NOTES = (None, "", "On site", "Fährverbindung geprüft", "残業", 'Called "Müller & Co."', "One\ntwo", "🕗 early")
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

Row = tuple[object, ...]


class TimeRecords:
    """The rows of all tables.

    Args:
        seed: of the random numbers.
        now: the time at which the application is left.
        work_sessions: how many recorded stretches of work there are; there is a user for each 200 of them.
    """

    def __init__(self, seed: int, now: datetime, work_sessions: int) -> None:
        self._random = Random(seed)  # noqa: S311 - the same rows for the same seed
        self._now = now
        self._work_sessions = work_sessions
        self._users = max(1, work_sessions // 200)
        self._tenants = max(1, self._users // 25)

    def tables(self) -> dict[str, Iterator[Row]]:
        """Return each table's rows, by its name, in an order in which they can be inserted."""
        return {
            "tenants": self._tenant_rows(),
            "users": self._user_rows(),
            "role_codes": self._role_codes(),
            "password_resets": self._password_resets(),
            "work_sessions": self._work_rows(),
            "login_sessions": self._login_sessions(),
        }

    def _tenant_rows(self) -> Iterator[Row]:
        for number in range(1, self._tenants + 1):
            yield number, self._token(12), f"Company {number}", self._past(700)

    def _user_rows(self) -> Iterator[Row]:
        for number in range(1, self._users + 1):
            tenant = None if self._is_one_in(40) else self._random.randint(1, self._tenants)
            is_locked = self._is_one_in(50)
            until = _text(self._now + timedelta(minutes=15)) if is_locked else None
            made = self._past(600)
            yield (
                *(number, tenant, f"user{number}@example.com", f"scrypt${self._token(32)}", self._random.choice(ROLES)),
                *(5 if is_locked else 0, until, int(not self._is_one_in(30)), made, made),
            )

    def _role_codes(self) -> Iterator[Row]:
        for number in range(self._tenants * 3):
            most = self._random.randint(1, 20)
            expires = None if self._is_one_in(3) else self._around_now()
            yield (
                *(self._token(16), number % self._tenants + 1, self._random.choice(ROLES), most),
                *(self._random.randint(0, most), expires, int(self._is_one_in(5)), self._past(90)),
            )

    def _password_resets(self) -> Iterator[Row]:
        for number in range(1, self._users // 3 + 1):
            used = self._past(1) if self._is_one_in(2) else None
            yield number, self._random.randint(1, self._users), self._token(32), self._around_now(), used

    def _work_rows(self) -> Iterator[Row]:
        for number in range(1, self._work_sessions + 1):
            share = number / self._work_sessions
            begun = self._now - timedelta(days=365 * (1 - share), minutes=self._random.randint(0, 600))
            is_open = number > self._work_sessions - self._users // 10
            ended = None if is_open else _text(begun + timedelta(minutes=self._random.randint(15, 540)))
            rate = None if self._is_one_in(10) else self._random.randint(1500, 12000) / 100
            yield (
                *(number, self._random.randint(1, self._users), _text(begun), ended),
                *(
                    self._random.choice((0, 0, 30, 45)),
                    rate,
                    self._random.choice(NOTES),
                    int(not is_open and self._is_one_in(2)),
                ),
            )

    def _login_sessions(self) -> Iterator[Row]:
        for _ in range(self._users * 2):
            made_s = int(self._now.timestamp()) - self._random.randint(0, 60 * 86_400)
            address = f"192.0.2.{self._random.randint(1, 254)}"
            yield self._token(43), self._random.randint(1, self._users), address, made_s, made_s + 30 * 86_400

    def _token(self, length: int) -> str:
        return "".join(self._random.choices(ALPHABET, k=length))

    def _is_one_in(self, count: int) -> bool:
        return self._random.randrange(count) == 0

    def _past(self, days: int) -> str:
        return _text(self._now - timedelta(minutes=self._random.randint(0, days * 1440)))

    def _around_now(self) -> str:
        return _text(self._now + timedelta(hours=self._random.randint(-72, 72)))


def generate(path: Path, records: TimeRecords) -> dict[str, int]:
    """Make the database and return how many rows each table has. Raises FileExistsError where the file is there."""
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    connection = sqlite3.connect(path)
    try:
        connection.executescript(SCHEMA.read_text(encoding="utf-8"))
        counts: dict[str, int] = {}
        with connection:
            for table, rows in records.tables().items():
                columns = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
                sql = f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - a name from here
                counts[table] = connection.executemany(sql, rows).rowcount
        return counts
    finally:
        connection.close()


def main() -> None:
    """Make the database that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path, help="the file to make")
    parser.add_argument("--work-sessions", type=int, default=100_000, help="how many (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the random numbers (default: %(default)s)")
    parser.add_argument("--now", type=datetime.fromisoformat, default=datetime.now(UTC), help="default: now")
    given = parser.parse_args()
    try:
        counts = generate(given.path, TimeRecords(given.seed, given.now, given.work_sessions))
    except FileExistsError as error:
        sys.exit(f"Error: {error}")
    for table, count in counts.items():
        print(f"{count:>9,} {table}")


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


if __name__ == "__main__":
    main()
