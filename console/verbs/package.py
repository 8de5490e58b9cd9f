"""The verb `package`: the functions' archives as zip files, for those who deploy without Pulumi or want to look."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from archives.contents import contents_of
from archives.errors import ArchiveError
from archives.runtimes import ALLOWED, DEFAULT, RUNTIMES, why_without_byte_code
from archives.zipped import zip_bytes
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import ROOT
from console.terminal import print_json
from handlers.routes import COMMAND, PROJECTOR, QUERY, WARMER


def package(
    out: Annotated[Path, typer.Option(help="Folder for the zip files; made if it is not there.")] = Path("build"),
    runtime: Annotated[str, typer.Option(help="The functions' Python, by Lambda's name.")] = DEFAULT,
    as_json: JsonOption = False,
) -> None:
    """Write each function's archive, as it is deployed, into a folder."""
    if runtime not in RUNTIMES:
        raise ConsoleError(f"--runtime: got {runtime!r}, allowed: {ALLOWED}", f"--runtime {DEFAULT}")
    archives = [_write(function, runtime, out) for function in (COMMAND, QUERY, PROJECTOR, WARMER)]
    if why := why_without_byte_code(runtime):
        print(f"Note: {why}", file=sys.stderr)
    if as_json:
        print_json(archives)
        return
    for archive in archives:
        print(f"{archive['path']}  {archive['files']} files  {archive['bytes']} bytes  sha256 {archive['sha256']}")


def _write(function: str, runtime: str, out: Path) -> dict[str, object]:
    """Write one archive; returns what there is to say of it."""
    path = out / f"{function}.zip"
    try:
        contents = contents_of(f"handlers.{function}", ROOT, runtime)
    except ArchiveError as error:
        raise ConsoleError(str(error), "make clean, then make check") from error
    content = zip_bytes(contents)
    try:
        out.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConsoleError(f"{path} cannot be written: {error.strerror}", "another folder with --out") from error
    return {
        "function": function,
        "runtime": runtime,
        "path": str(path),
        "files": len(contents),
        "byte_code_files": sum(name.endswith(".pyc") for name in contents),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
