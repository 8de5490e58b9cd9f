"""Byte code that is shipped beside its source: equal to the byte, whoever compiles it, when, and in which order.

It is an unchecked-hash .pyc (PEP 552): a start neither compiles the source nor compares it. Another Python than the one
that compiled it finds no byte code under its own tag, and compiles the source.
"""

from __future__ import annotations

import marshal
import sys
from functools import cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import PurePosixPath

UNCHECKED = (0b01).to_bytes(4, "little")
# From version 3 on, marshal marks what it may refer to later, and guesses that from reference counts, which depend on
# what the process has done before; sets are sorted by the bytes of their members, marks included. Version 2 has no such
# marks; it is a quarter larger, 2 % in a zip, and takes 6 µs a module longer to load.
MARSHAL_VERSION = 2
LAMBDA_FOLDER = "/var/task"  # importlib corrects it where the archive is somewhere else


def byte_code_name(name: str) -> str:
    """Return the path of a source's byte code in the archive, for the Python at hand."""
    path = PurePosixPath(name)
    return str(path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc")


@cache  # the functions' archives have most of their files in common
def byte_code_of(source: bytes, name: str) -> bytes:
    """Return the byte code of a source by the Python at hand. Raises SyntaxError.

    Args:
        name: the source's path in the archive.
    """
    code = compile(source, f"{LAMBDA_FOLDER}/{name}", "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(code, MARSHAL_VERSION)
