"""A version of the project as hashes: each function's files, and the files that make its resources.

Two versions whose hashes are equal deploy the same, whichever Python packages them and on which machine: byte code,
which follows from source and Python, is not hashed, and sources are hashed as they are shipped, without what only
people read.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from archives.closure import files_of
from archives.contents import sources_of
from archives.errors import syntax_errors_of
from archives.imports import import_statements
from archives.lean import content_of

FORMAT = 1
DIGITS = 16  # of SHA-256: 64 bits
# The infrastructure beside its own code: a new version of Pulumi's provider changes resources too.
PROGRAM = "__main__.py"
ROOMS = ("infra", "archives", "dashboard")  # of which every file counts
FILES = ("Pulumi*.yaml", "requirements.txt", "constraints.txt")


@dataclass(frozen=True, kw_only=True)
class PartManifest:
    """A function, or the infrastructure: the hash of all its files, and of each, as path -> hash."""

    hash: str
    files: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A version of the project: its functions by their names, and its infrastructure."""

    functions: Mapping[str, PartManifest]
    infrastructure: PartManifest

    def parts(self) -> dict[str, PartManifest]:
        """Return functions and infrastructure by their names."""
        return {**self.functions, "infrastructure": self.infrastructure}

    def to_json(self) -> dict[str, object]:
        """Return it as it stands in a file; `from_json` reads it."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Manifest:
        """Return what a file holds. Raises ValueError, TypeError or KeyError for what is no manifest of this format."""
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
        parts = {name: _part_from(part) for name, part in _mapping(content["functions"]).items()}
        return cls(functions=parts, infrastructure=_part_from(_mapping(content["infrastructure"])))


def manifest_of(root: Path, functions: Sequence[str], stack: str = "") -> Manifest:
    """Return the manifest of the project in a folder, for a stack, or empty = for all of them.

    A distribution that is shipped along is the one that is installed here; another version of it shows in
    constraints.txt, so in the infrastructure.

    Raises:
        ArchiveError: an import cannot be followed, or a file is no Python.
    """
    return Manifest(
        functions={name: function_manifest(root, name) for name in functions},
        infrastructure=part_manifest(
            {name: content_of(path) for name, path in infrastructure_files(root, stack).items()}
        ),
    )


def function_manifest(root: Path, function: str) -> PartManifest:
    """Return the manifest of one function. Raises ArchiveError."""
    return part_manifest(sources_of(f"handlers.{function}", root))


def part_manifest(contents: Mapping[str, bytes]) -> PartManifest:
    """Return the manifest of files, given as path -> content."""
    files = {name: _hash(content) for name, content in sorted(contents.items())}
    return PartManifest(hash=_hash(json.dumps(files).encode()), files=files)


def infrastructure_files(root: Path, stack: str = "") -> dict[str, Path]:
    """Return the files that decide what Pulumi makes, but for the functions' code, as path -> file, sorted.

    For a stack, the configuration of others is none of them.

    They are the program, its rooms, the page's among them, its configuration, its packages, and what it imports of
    handlers/: the gateway's routes follow from the functions' own table.

    Raises:
        ArchiveError: an import cannot be followed, or a file is no Python.
    """
    rooms = [path for room in ROOMS for path in (root / room).rglob("*") if path.is_file() and _is_source(path)]
    code = [root / PROGRAM, *(path for path in rooms if path.suffix == ".py")]
    found = [
        root / PROGRAM,
        *rooms,
        *(path for pattern in FILES for path in root.glob(pattern) if _is_for(path.name, stack)),
    ]
    files = {path.relative_to(root).as_posix(): path for path in found}
    for module in sorted({module for path in code for module in _handlers_of(path, root)}):
        files |= files_of(module, root)
    return dict(sorted(files.items()))


def _is_source(path: Path) -> bool:
    return path.suffix != ".pyc" and not path.name.startswith(".")


def _is_for(file: str, stack: str) -> bool:
    is_of_a_stack = file.startswith("Pulumi.") and file != "Pulumi.yaml"
    return not (stack and is_of_a_stack) or file == f"Pulumi.{stack}.yaml"


def _handlers_of(path: Path, root: Path) -> Iterator[str]:
    """Yield the modules of handlers/ that a file of the program imports."""
    name = path.relative_to(root).as_posix()
    with syntax_errors_of(name):
        statements = import_statements(path.read_bytes(), name)
    for node in statements:
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        else:  # `from handlers import rows` names a module, `from handlers.routes import QUERY` does not
            modules = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (module for module in modules if _is_of_handlers(module, root))


def _is_of_handlers(module: str, root: Path) -> bool:
    return module.startswith("handlers.") and root.joinpath(*module.split(".")).with_suffix(".py").is_file()


def _part_from(content: Any) -> PartManifest:  # noqa: ANN401 - what JSON gives
    files = _mapping(content["files"])
    return PartManifest(hash=str(content["hash"]), files={name: str(digest) for name, digest in files.items()})


def _mapping(content: object) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise TypeError(f"{content!r} is no object")
    return cast("Mapping[str, Any]", content)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:DIGITS]
