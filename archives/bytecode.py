"""Byte code that is shipped beside its source: equal to the byte, whoever compiles it, when, and in which order.

It is an unchecked-hash .pyc (PEP 552): a start neither compiles the source nor compares it. Another Python than the one
that compiled it finds no byte code under its own tag, and compiles the source.
"""

from __future__ import annotations

import ast
import marshal
import sys
from functools import cache
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import PurePosixPath

UNCHECKED = (0b01).to_bytes(4, "little")
# From version 3 on, marshal marks what it may refer to again, and takes reference counts for a sign of that, which
# depend on what else the process has done; sets are sorted by the bytes of their members, marks included. Version 2 has
# no marks. It is a quarter larger, 1 % in a zip, and takes some µs a module longer to load.
MARSHAL_VERSION = 2
NO_COLUMN = -1
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
    code = compile(_without_columns(source), f"{LAMBDA_FOLDER}/{name}", "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + UNCHECKED + source_hash(source) + marshal.dumps(code, MARSHAL_VERSION)


def _without_columns(source: bytes) -> ast.Module:
    """Return the tree of a source with lines alone: columns are an eighth of an archive, for the marks below a line."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.expr | ast.excepthandler | ast.arg | ast.keyword | ast.alias | ast.pattern):
            node.end_lineno = node.lineno
            node.col_offset = node.end_col_offset = NO_COLUMN
    return tree
