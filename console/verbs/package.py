"""The verb `package`: the functions' archives as zip files, for those who want to look at them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import typer

from archives.closure import ArchiveError, files_of
from archives.zipped import zip_bytes
from console.client.target import JsonOption
from console.errors import ConsoleError
from console.paths import ROOT
from console.terminal import print_json
from handlers.routes import COMMAND, QUERY


def package(
    out: Annotated[Path, typer.Option(help="Folder for the zip files; made if it is not there.")] = Path("build"),
    as_json: JsonOption = False,
) -> None:
    """Write each function's archive, as it is deployed, into a folder."""
    archives = [_write(function, out) for function in (COMMAND, QUERY)]
    if as_json:
        print_json(archives)
        return
    for archive in archives:
        print(f"{archive['path']}  {archive['files']} files  {archive['bytes']} bytes  sha256 {archive['sha256']}")


def _write(function: str, out: Path) -> dict[str, object]:
    """Write one archive; returns what there is to say of it."""
    path = out / f"{function}.zip"
    try:
        files = files_of(f"handlers.{function}", ROOT)
    except ArchiveError as error:
        raise ConsoleError(str(error), "make clean, then make check") from error
    content = zip_bytes(files)
    try:
        out.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise ConsoleError(f"{path} cannot be written: {error.strerror}", "another folder with --out") from error
    digest = hashlib.sha256(content).hexdigest()
    return {"function": function, "path": str(path), "files": len(files), "bytes": len(content), "sha256": digest}
