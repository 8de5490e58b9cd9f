"""Distributions for Lambda's processor, which none of this machine's can stand in for: pinned by hash, downloaded once.

A requirements file for each runtime pins them, `archives/wheels-python3.13.txt`. Hashes of sources take that file for
what it pins, so that only who packages has to download.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from archives.errors import ArchiveError

PLATFORM = "manylinux_2_28_aarch64"  # Amazon Linux 2023 on arm64
PIN = re.compile(r"([\w.-]+==\S+) --hash=sha256:([0-9a-f]{64})")


def pins_file(runtime: str) -> str:
    """Return the requirements file of a runtime, as a path in the project."""
    return f"archives/wheels-{runtime}.txt"


def pinned_sources(root: Path) -> dict[str, bytes]:
    """Return what pins the wheels of all runtimes, as path -> content."""
    paths = sorted((root / "archives").glob("wheels-*.txt"))
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def wheel_contents(root: Path, runtime: str) -> dict[str, bytes]:
    """Return the files of a runtime's wheels that an archive holds, as path in the archive -> content.

    They are the wheels' own, to the byte: code, libraries, metadata (read on import) and licences.

    Raises:
        ArchiveError: the wheels are not here, and cannot be downloaded.
    """
    contents: dict[str, bytes] = {}
    for path in _wheels(root, runtime):
        with zipfile.ZipFile(path) as wheel:
            files = [entry.filename for entry in wheel.infolist() if not entry.is_dir()]
            contents |= {name: wheel.read(name) for name in files if _is_shipped(PurePosixPath(name))}
    return contents


def _is_shipped(name: PurePosixPath) -> bool:
    is_code = name.suffix == ".py" or ".so" in name.suffixes
    return (is_code and "tests" not in name.parts) or name.name == "METADATA" or "licenses" in name.parts


def _wheels(root: Path, runtime: str) -> list[Path]:
    """Return the pinned wheels, which have the pinned hashes, in the order of their file."""
    pins, folder = _pins(root, runtime), root / "build" / "wheels"
    if missing := _missing(pins, folder):
        _download(root / pins_file(runtime), runtime, folder)
        missing = _missing(pins, folder)
    if missing:
        raise ArchiveError(f"{pins_file(runtime)}: pip brought no wheel of {', '.join(missing)} with the pinned hash")
    found = _by_hash(folder)
    return [found[digest] for digest in pins.values()]


def _pins(root: Path, runtime: str) -> dict[str, str]:
    """Return requirement -> hash. Raises ArchiveError for a line that pins nothing."""
    pins: dict[str, str] = {}
    for number, line in enumerate((root / pins_file(runtime)).read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        if not (match := PIN.fullmatch(line)):
            allowed = "a requirement with one hash: name==1.2.3 --hash=sha256:…"
            raise ArchiveError(f"{pins_file(runtime)}, line {number}: got {line!r}, allowed: {allowed}")
        pins[match[1]] = match[2]
    return pins


def _missing(pins: dict[str, str], folder: Path) -> list[str]:
    found = _by_hash(folder)
    return [requirement for requirement, digest in pins.items() if digest not in found]


def _by_hash(folder: Path) -> dict[str, Path]:
    return {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(folder.glob("*.whl"))}


def _download(requirements: Path, runtime: str, folder: Path) -> None:
    """Bring the wheels into the folder, each whole; several programs may do so at once. Raises ArchiveError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        result = _pip(requirements, runtime, place)
        if result.returncode:
            why = (result.stderr.strip().splitlines() or ["pip said nothing"])[-1]
            raise ArchiveError(
                f"the wheels of {requirements.name} cannot be downloaded: {why}. Once downloaded, they stay in {folder}"
            )
        for path in Path(place).glob("*.whl"):
            os.replace(path, folder / path.name)


def _pip(requirements: Path, runtime: str, place: str) -> subprocess.CompletedProcess[str]:
    target = ["--platform", PLATFORM, "--implementation", "cp", "--python-version", runtime.removeprefix("python")]
    options: Sequence[str] = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", place)
    return subprocess.run(  # noqa: S603 - the Python at hand, and paths of ours
        [sys.executable, "-m", "pip", "download", *options, *target, "--requirement", str(requirements)],
        capture_output=True,
        text=True,
        check=False,
    )
