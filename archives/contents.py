"""All that a function's archive holds: `package` and Pulumi both take it from here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archives.bytecode import byte_code_name, byte_code_of
from archives.closure import files_of
from archives.errors import syntax_errors_of
from archives.lean import content_of
from archives.runtimes import makes_byte_code_for
from archives.start import loaded_at_start


def contents_of(entry: str, root: Path, runtime: str) -> dict[str, bytes]:
    """Return the files of an archive, as path in the archive -> content, sorted by path.

    The sources are there without what only people read; what a start loads is there as byte code too, where the Python
    at hand can make it.

    Args:
        entry: the module that the function starts in, such as "handlers.query".
        root: the folder that the project's packages stand in.
        runtime: the function's Python, one of `RUNTIMES`.

    Raises:
        ArchiveError: an import cannot be followed, or a file is no Python.
    """
    files = files_of(entry, root)
    contents = _sources(files)
    if makes_byte_code_for(runtime):
        for name in loaded_at_start(entry, files):
            with syntax_errors_of(name):
                contents[byte_code_name(name)] = byte_code_of(contents[name], name)
    return dict(sorted(contents.items()))


def sources_of(entry: str, root: Path) -> dict[str, bytes]:
    """Return an archive's files without byte code, which are the same whichever Python packages. Raises ArchiveError.

    Args:
        entry, root: as for `contents_of`.
    """
    return _sources(files_of(entry, root))


def _sources(files: Mapping[str, Path]) -> dict[str, bytes]:
    return {name: content_of(path) for name, path in files.items()}
