"""The files of an archive that a start loads: those reached through imports outside of functions."""

from __future__ import annotations

import ast
from collections.abc import Generator, Mapping

from archives.imports import ImportStatement, import_statements, module_of


def loaded_at_start(entry: str, files: Mapping[str, bytes]) -> list[str]:
    """Return the files that are loaded before the first request, as paths in the archive, sorted.

    Args:
        entry: the module that the function starts in, such as "handlers.query".
        files: what the archive is made of, as path in the archive -> content. Other modules are Lambda's own.
    """
    found: set[str] = set()
    todo = [entry]
    while todo:
        module = todo.pop()
        place = module.replace(".", "/")
        for name, package in ((f"{place}.py", module.rpartition(".")[0]), (f"{place}/__init__.py", module)):
            if name in files and name not in found:
                found.add(name)
                statements = import_statements(files[name], name, at_start=True)
                todo += [imported for node in statements for imported in _names(node, package)]
                todo.append(module.rpartition(".")[0])  # it is loaded before what stands in it
    return sorted(found)


def _names(node: ImportStatement, package: str) -> Generator[str]:
    """Yield what may be a module: `from handlers import rows` names one, `from handlers import VERSION` does not."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        module = module_of(node, package)
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)
