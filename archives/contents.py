"""All that a function's archive holds: `package` and Pulumi both take it from here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from archives.bytecode import byte_code_name, byte_code_of
from archives.closure import closure_of
from archives.errors import syntax_errors_of
from archives.lean import content_of
from archives.runtimes import makes_byte_code_for
from archives.start import loaded_at_start
from archives.wheels import pinned_sources, wheel_contents


def contents_of(entry: str, root: Path, runtime: str) -> dict[str, bytes]:
    """Return the files of an archive, as path in the archive -> content, sorted by path.

    The sources are there without what only people read; what a start loads is there as byte code too, where the Python
    at hand can make it.

    Args:
        entry: the module that the function starts in, such as "handlers.query".
        root: the folder that the project's packages stand in.
        runtime: the function's Python, one of `RUNTIMES`.

    Raises:
        ArchiveError: an import cannot be followed, a file is no Python, or wheels cannot be downloaded.
    """
    closure = closure_of(entry, root)
    wheels = wheel_contents(root, runtime) if closure.needs_wheels else {}
    contents = _sources(closure.files) | wheels
    if makes_byte_code_for(runtime):
        # A driver's modules load others within functions, at its start already.
        drivers = {name for name in wheels if name.endswith(".py")}
        for name in {*loaded_at_start(entry, contents)} | drivers:
            with syntax_errors_of(name):
                contents[byte_code_name(name)] = byte_code_of(contents[name], name)
    return dict(sorted(contents.items()))


def sources_of(entry: str, root: Path) -> dict[str, bytes]:
    """Return an archive's files without byte code, which are the same whichever Python packages. Raises ArchiveError.

    What pins its wheels stands for them, so that nothing is downloaded.

    Args:
        entry, root: as for `contents_of`.
    """
    closure = closure_of(entry, root)
    return _sources(closure.files) | (pinned_sources(root) if closure.needs_wheels else {})


def _sources(files: Mapping[str, Path]) -> dict[str, bytes]:
    return {name: content_of(path) for name, path in files.items()}
