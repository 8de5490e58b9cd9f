"""The verb `package`: the functions' archives as zip files, for those who deploy without Pulumi or want to look."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from archives.contents import contents_of
from archives.errors import ArchiveError
from archives.manifest import Manifest
from archives.runtimes import ALLOWED, DEFAULT, RUNTIMES, makes_byte_code_for, why_without_byte_code
from archives.zipped import zip_bytes
from console.changes.manifests import MANIFEST_FILE, manifest_in
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import ROOT
from console.terminal import print_json
from handlers.routes import FUNCTIONS


def package(
    out: Annotated[Path, typer.Option(help="Folder for the zip files; made if it is not there.")] = Path("build"),
    runtime: Annotated[str, typer.Option(help="The functions' Python, by Lambda's name.")] = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Write each function's archive, as it is deployed, and a manifest of them into a folder."""
    if runtime not in RUNTIMES:
        raise ConsoleError(f"--runtime: got {runtime!r}, allowed: {ALLOWED}", f"--runtime {DEFAULT}")
    try:
        archives = [_write_archive(function, runtime, out) for function in FUNCTIONS]
        _write(out / MANIFEST_FILE, _manifest(manifest_in(ROOT), archives, runtime))
    except ArchiveError as error:
        raise ConsoleError(str(error), "make clean, then make check") from error
    if why := why_without_byte_code(runtime):
        print(f"Note: {why}", file=sys.stderr)
    if as_json:
        print_json(archives)
        return
    for archive in archives:
        print(f"{archive['path']}  {archive['files']} files  {archive['bytes']} bytes  sha256 {archive['sha256']}")


def _write_archive(function: str, runtime: str, out: Path) -> dict[str, object]:
    """Write one archive; returns what there is to say of it."""
    path = out / f"{function}.zip"
    contents = contents_of(f"handlers.{function}", ROOT, runtime)
    content = zip_bytes(contents)
    _write(path, content)
    return {
        "function": function,
        "runtime": runtime,
        "path": str(path),
        "files": len(contents),
        "byte_code_files": sum(name.endswith(".pyc") for name in contents),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def _manifest(manifest: Manifest, archives: Sequence[Mapping[str, object]], runtime: str) -> bytes:
    """Return the manifest, with what the hashes leave out: the Python, and the archives as they were written."""
    packaged = {
        "runtime": runtime,
        "has_byte_code": makes_byte_code_for(runtime),
        "archives": {str(archive["function"]): archive["sha256"] for archive in archives},
    }
    return f"{json.dumps({**manifest.to_json(), **packaged}, indent=2)}\n".encode()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConsoleError(f"{path} cannot be written: {error.strerror}", "another folder with --out") from error
