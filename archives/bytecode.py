"""Byte code that is shipped beside its source: equal to the byte, whoever compiles it, when, and in which order.

It is an unchecked-hash .pyc (PEP 552): a start neither compiles the source nor compares it. Another Python than the one
that compiled it finds no byte code under its own tag, and compiles the source.
"""

from __future__ import annotations

import marshal
import sys
from collections.abc import Generator
from functools import cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import PurePosixPath
from types import CodeType

UNCHECKED = (0b01).to_bytes(4, "little")
# From version 3 on, marshal marks what it may refer to again, and takes reference counts for a sign of that, which
# depend on what else the process has done; sets are sorted by the bytes of their members, marks included. Version 2 has
# no marks. It is a quarter larger, 1 % in a zip, and takes some µs a module longer to load.
MARSHAL_VERSION = 2
# An entry of a code object's table of locations: what it says, and for how much code.
NO_LOCATION, LINE_ALONE = 15, 13
UNIT_BYTES, MOST_UNITS = 2, 8
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
    return MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(_without_columns(code), MARSHAL_VERSION)


def _without_columns(code: CodeType) -> CodeType:
    """Return code that knows lines alone: columns are an eighth of an archive, for the marks below a line.

    They also depend on the process: PYTHONNODEBUGRANGES leaves them out.
    """
    constants = tuple(_without_columns(part) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_linetable=bytes(_locations(code)), co_consts=constants)


def _locations(code: CodeType) -> Generator[int]:
    """Yield the table of an instruction's line, as CPython's locations.md describes it."""
    before = code.co_firstlineno
    for start, end, line in code.co_lines():
        for place in range(start, end, MOST_UNITS * UNIT_BYTES):
            units = min(MOST_UNITS, (end - place) // UNIT_BYTES)
            yield 0x80 | (NO_LOCATION if line is None else LINE_ALONE) << 3 | units - 1
            if line is not None:
                yield from _signed(line - before)
                before = line


def _signed(value: int) -> Generator[int]:
    """Yield a number as such tables have it: the sign in the lowest bit, then six bits a byte, the lowest first."""
    left = -value << 1 | 1 if value < 0 else value << 1
    while left > 0x3F:
        yield 0x40 | left & 0x3F
        left >>= 6
    yield left
