"""The archives of the subjects, each unpacked to a folder of its own as Lambda does.

`python -m tests.perf.sandboxes.packing FILE` writes the query function's archive: byte code belongs to one version of
Python, so the one that is to run it has to pack it. It needs the standard library alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from archives.bytecode import byte_code_name, byte_code_of
from archives.contents import contents_of
from archives.runtimes import DEFAULT, RUNTIMES
from archives.start import loaded_at_start
from archives.zipped import zip_bytes

ROOT = Path(__file__).parents[3]
FUNCTIONS = Path(__file__).parent / "functions"
COMPILE = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", ".")


@dataclass(frozen=True)
class Package:
    """An archive, unpacked.

    Args:
        handler: the module that the function starts in, and its attribute.
        archive_kib: the size of the zip file.
    """

    folder: Path
    handler: str
    archive_kib: float


def packages(folder: Path, python: str) -> dict[str, Package]:
    """Pack all subjects below a folder, for an interpreter; by name."""
    folder.mkdir(parents=True)
    ours = _ours(folder / "ours", python)
    return {
        **{name: _plain(folder / name, name, python) for name in ("noop", "plain")},
        "ours": ours,
        "ours without byte code": _without_byte_code(ours, folder / "ours-without"),
    }


def _ours(folder: Path, python: str) -> Package:
    archive = folder.with_suffix(".zip")
    subprocess.run([python, "-m", "tests.perf.sandboxes.packing", str(archive)], cwd=ROOT, check=True)
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(folder)
    return Package(folder, "handlers.query.handler", archive.stat().st_size / 1024)


def _plain(folder: Path, name: str, python: str) -> Package:
    folder.mkdir()
    shutil.copy(FUNCTIONS / f"{name}.py", folder)
    source_kib = _zipped_kib(folder)  # nobody ships the byte code of one file
    subprocess.run([python, *COMPILE], cwd=folder, check=True)
    return Package(folder, f"{name}.handler", source_kib)


def _without_byte_code(package: Package, folder: Path) -> Package:
    shutil.copytree(package.folder, folder, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    return Package(folder, package.handler, _zipped_kib(folder))


def _zipped_kib(folder: Path) -> float:
    archive = folder.with_suffix(".measured.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            packed.write(path, path.relative_to(folder))
    return archive.stat().st_size / 1024


def _contents() -> dict[str, bytes]:
    """Return the files of the archive; for a Python that no runtime has, as they would be if one had."""
    entry, here = "handlers.query", f"python{sys.version_info.major}.{sys.version_info.minor}"
    if here in RUNTIMES:
        return contents_of(entry, ROOT, here)
    contents = contents_of(entry, ROOT, DEFAULT)
    names = loaded_at_start(entry, contents)
    return contents | {byte_code_name(name): byte_code_of(contents[name], name) for name in names}


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(zip_bytes(_contents()))
