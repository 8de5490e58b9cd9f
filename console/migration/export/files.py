"""The tables of a source as files, with a manifest by which everybody can hold them against what was read."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from console.errors import ConsoleError
from console.migration.checksum import Checksum
from console.migration.export.formats import Format, header, row_writer
from console.migration.plan import MigrationPlan, PlannedColumn, PlannedTable
from console.migration.source import SourceFile
from console.terminal import Advance

MANIFEST = "manifest.json"
VERSION = 1
CHUNK_BYTES = 1 << 20
GZIP_LEVEL = 6
ROWS_A_STEP = 1_000


@dataclass(frozen=True)
class ExportedTable:
    """A table's file, as the manifest has it: `checksum` is that of its rows, in whatever order."""

    name: str
    target: str
    file: str
    bytes: int
    sha256: str
    rows: int
    left_out: int
    checksum: str
    columns: tuple[dict[str, Any], ...]
    key: tuple[str, ...]


def export_tables(
    source: SourceFile, plan: MigrationPlan, folder: Path, form: Format, *, is_zipped: bool, advance: Advance
) -> dict[str, Any]:
    """Write a file for each table, and the manifest; the folder is there when all of it is. Returns the manifest.

    Raises:
        ConsoleError: the folder exists, or cannot be written.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    if folder.exists():
        raise ConsoleError(f"--to {folder} exists", "name a folder that does not", 2)
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(mode=0o700)
        tables = [_export(source, table, partial, form, is_zipped=is_zipped, advance=advance) for table in plan.tables]
        manifest = _manifest(source, plan, form, tables)
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        partial.rename(folder)
    except OSError as error:
        raise ConsoleError(
            f"--to {folder} cannot be written: {error.strerror}", "make room, or name another"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return manifest


def check_export(folder: Path, advance: Callable[[int], None]) -> dict[str, Any]:
    """Hold the files of a folder against its manifest, and return that.

    Raises:
        ConsoleError: a file is missing, too many, or not what was written.
    """
    manifest = _read_manifest(folder)
    tables = cast("list[dict[str, Any]]", manifest["tables"])
    expected = {MANIFEST, *(table["file"] for table in tables)}
    found = {path.name for path in folder.iterdir()}
    for name, what in [
        *((name, "is missing") for name in sorted(expected - found)),
        *((n, "is in no manifest") for n in sorted(found - expected)),
    ]:
        raise ConsoleError(f"{folder / name} {what}", "export again")
    for table in tables:
        digest, size = _digest(folder / table["file"])
        if (digest, size) != (table["sha256"], table["bytes"]):
            said = f"{folder / table['file']} has {size:,} bytes and SHA-256 {digest}"
            raise ConsoleError(f"{said}; the manifest says {table['bytes']:,} and {table['sha256']}", "export again")
        advance(table["rows"])
    return manifest


def _export(
    source: SourceFile, table: PlannedTable, folder: Path, form: Format, *, is_zipped: bool, advance: Advance
) -> ExportedTable:
    path = folder / f"{quote(table.target, safe='')}.{form}{'.gz' * is_zipped}"
    with _opened(path, is_zipped=is_zipped) as file:
        checksum = _write(source, table, file, form, advance)
    digest, size = _digest(path)
    return ExportedTable(
        name=table.name,
        target=table.target,
        file=path.name,
        bytes=size,
        sha256=digest,
        rows=checksum.rows,
        left_out=table.left_out,
        checksum=checksum.hex,
        columns=tuple(map(_described, table.columns)),
        key=table.key,
    )


def _write(source: SourceFile, table: PlannedTable, file: io.TextIOBase, form: Format, advance: Advance) -> Checksum:
    checksum = Checksum([column.kind for column in table.columns])
    line_of = row_writer(form, table.columns)
    file.write(header(form, table.columns))
    for row in source.rows(table):
        checksum.add(row)
        file.write(line_of(row))
        if checksum.rows % ROWS_A_STEP == 0:
            advance(ROWS_A_STEP)
    advance(checksum.rows % ROWS_A_STEP)
    return checksum


def _described(column: PlannedColumn) -> dict[str, Any]:
    return {"name": column.name, "target": column.target, "kind": column.kind, "declared": column.declared}


def _opened(path: Path, *, is_zipped: bool) -> io.TextIOBase:
    if not is_zipped:
        return path.open("w", encoding="utf-8", newline="\n")
    raw = gzip.GzipFile(path, "wb", GZIP_LEVEL, mtime=0)
    return io.TextIOWrapper(raw, encoding="utf-8", newline="\n")


def _manifest(source: SourceFile, plan: MigrationPlan, form: Format, tables: list[ExportedTable]) -> dict[str, Any]:
    digest, size = _digest(source.copy)
    return {
        "version": VERSION,
        "source": {"name": source.path.name, "bytes": size, "sha256": digest},
        "now": plan.now,
        "format": form,
        "tables": [asdict(table) for table in tables],
        "notes": plan.notes,
    }


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _read_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConsoleError(
            f"{folder / MANIFEST}: {error}", "name a folder that `migrate export` has written", 2
        ) from error
    if not isinstance(manifest, dict) or cast("dict[str, Any]", manifest).get("version") != VERSION:
        raise ConsoleError(f"{folder / MANIFEST} is of no version that is known", f"this checkout knows {VERSION}", 2)
    return cast("dict[str, Any]", manifest)
