"""The files that an entry point needs: its imports, followed through the source.

Invariants: imports inside functions count, imports under `if TYPE_CHECKING` do not. Every import is either of the
project, of the standard library, of Lambda's runtime, or of a distribution that is shipped along; anything else is an
error here and not in the first request.
"""

from __future__ import annotations

import ast
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from archives.errors import ArchiveError, syntax_errors_of
from archives.imports import ImportStatement, import_statements, module_of
from archives.standard_library import STANDARD_LIBRARY

RUNTIME = frozenset({"boto3", "botocore"})  # comes with Lambda's Python
SHIPPED: Mapping[str, str] = {"ulid": "python-ulid"}  # import name -> distribution
WHEELS = frozenset({"psycopg"})  # shipped from the wheels of Lambda's platform
# Files that a room reads when it runs, shipped with it.
DATA: Mapping[str, str] = {
    "handlers/postgres/__init__.py": "handlers/postgres/roots/*.pem",
    "handlers/schema/__init__.py": "db/migrations/*.sql",
}


@dataclass(frozen=True, kw_only=True)
class Closure:
    """All that an entry point needs: files, as path in the archive -> file, and whether wheels beside them."""

    files: Mapping[str, Path]
    needs_wheels: bool


def files_of(entry: str, root: Path) -> dict[str, Path]:
    """Return the files that the entry point needs, as path in the archive -> file, sorted by path.

    Args, Raises:
        as for `closure_of`.
    """
    return {**closure_of(entry, root).files}


def closure_of(entry: str, root: Path) -> Closure:
    """Return all that the entry point needs, sorted by path.

    Args:
        entry: the module that the function starts in, such as "handlers.query".
        root: the folder that the project's packages stand in.

    Raises:
        ArchiveError: an import cannot be followed, or a file cannot be parsed.
    """
    found: dict[str, Path] = {}
    shipped: set[str] = set()
    needs_wheels = False
    todo = [(entry, "the entry point")]
    while todo:
        module, importer = todo.pop()
        package = module.rpartition(".")[0]
        if package:  # it is loaded before what stands in it
            todo.append((package, importer))
        origin = module.split(".")[0]
        if origin in SHIPPED:
            shipped.add(SHIPPED[origin])
        elif origin in WHEELS:
            needs_wheels = True
        elif (root / origin).is_dir():
            path = _file_of(module, root, importer)
            name = path.relative_to(root).as_posix()
            if name not in found:
                found[name] = path
                todo += [(imported, name) for imported in _imports(path, root)]
        elif origin not in RUNTIME | STANDARD_LIBRARY:
            raise ArchiveError(f"{importer} imports {module}, which no archive holds and Lambda's Pythons do not have")
    for name in shipped:
        found |= _distribution_files(name)
    for room in DATA.keys() & found.keys():
        found |= {path.relative_to(root).as_posix(): path for path in root.glob(DATA[room])}
    return Closure(files=dict(sorted(found.items())), needs_wheels=needs_wheels)


def _file_of(module: str, root: Path, importer: str) -> Path:
    place = root.joinpath(*module.split("."))
    for path in (place.with_suffix(".py"), place / "__init__.py"):
        if path.is_file():
            return path
    raise ArchiveError(f"{importer} imports {module}, which is not there")


def _imports(path: Path, root: Path) -> list[str]:
    """Return the modules that a file imports."""
    name = path.relative_to(root)
    package = ".".join(name.parts[:-1])
    with syntax_errors_of(name.as_posix()):
        statements = import_statements(path.read_bytes(), name.as_posix())
    return sorted({name for node in statements for name in _names(node, package, root)})


def _names(node: ImportStatement, package: str, root: Path) -> Generator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    else:
        module = module_of(node, package)
        yield module
        for alias in node.names:  # `from handlers import rows` names a module, `from handlers import VERSION` does not
            place = root.joinpath(*module.split("."), alias.name)
            if place.with_suffix(".py").is_file() or place.is_dir():
                yield f"{module}.{alias.name}"


def _distribution_files(name: str) -> dict[str, Path]:
    """Return a pure Python distribution's files: its code, its metadata (read on import) and its licence.

    What installers write (RECORD, INSTALLER, byte code) stays out: it differs from machine to machine.
    """
    try:
        files = distribution(name).files or []
    except PackageNotFoundError as error:
        raise ArchiveError(f"{name} is not installed, and the archive needs it") from error
    return {
        file.as_posix(): Path(str(file.locate()))
        for file in files
        if file.suffix == ".py" or file.name == "METADATA" or "licenses" in file.parts
    }
