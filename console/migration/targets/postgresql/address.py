"""The address of a PostgreSQL database: read as libpq reads it, and shown without its password.

A password with characters that mean something in an address ends up in the host or the port, which messages show. So
such an address is refused before anything is said about it.
"""

from __future__ import annotations

import re
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

from console.errors import ConsoleError

SCHEMES = ("postgresql://", "postgres://")
PORTS = re.compile(r"[\d,]*")  # one a host
HINT = (
    "postgresql://user@host:5432/database, and PGPASSWORD or ~/.pgpass for the password;"
    " in an address, characters such as @ : / % of a password are written as %40 %3A %2F %25"
)


class Address:
    """A database's address. Raises ConsoleError where libpq would not read it as it was meant.

    Args:
        option: of the command line, that has it.

    Attributes:
        url: with the password, if it has one.
        shown: without.
        parameters: as libpq reads them.
    """

    def __init__(self, url: str, option: str = "--to") -> None:
        self.url = url
        self.parameters = _parameters(url, option)
        user, host, port, database = (self.parameters.get(name, "") for name in ("user", "host", "port", "dbname"))
        place = f"[{host}]" if ":" in host else quote(host, safe=",") if host.startswith("/") else host
        where = f"{place}:{port}" if port else place
        self.shown = f"postgresql://{quote(user)}{user and '@'}{where}{database and '/'}{database}"


def _parameters(url: str, option: str) -> dict[str, str]:
    try:
        found = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:  # its text may hold the password
        raise ConsoleError(f"{option} is no address that libpq can read", HINT, 2) from None
    names = ("host", "hostaddr", "dbname")
    if any("@" in found.get(name, "") for name in names) or not PORTS.fullmatch(found.get("port", "")):
        raise ConsoleError(f"{option} is no address of a database: an @, : or / stands where none can be", HINT, 2)
    return found
