from __future__ import annotations

import sys

from archives.standard_library import STANDARD_LIBRARY

GONE_IN_3_12 = {"asynchat", "asyncore", "distutils", "imp", "smtpd"}
GONE_IN_3_13 = {
    *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis", "nntplib"),
    *("ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),
}
# Python -> the public modules that it has and another of the functions' Pythons has not.
MORE = {(3, 11): GONE_IN_3_12 | GONE_IN_3_13, (3, 12): GONE_IN_3_13, (3, 13): set[str]()}


def public(names: frozenset[str]) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def test_the_list_holds_what_all_of_the_functions_pythons_have() -> None:
    """On each of them nothing is missing, private names included; an older one has what has been taken out since."""
    here = sys.stdlib_module_names
    assert public(here) - STANDARD_LIBRARY == MORE[sys.version_info[:2]]
    assert (public(STANDARD_LIBRARY) if sys.version_info < (3, 12) else STANDARD_LIBRARY) <= here
