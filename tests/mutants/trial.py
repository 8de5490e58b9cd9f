"""One mutation tried: written into a scratch copy of the project, and the tests run, the likeliest to notice first."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutants.mutations import Mutation

ROOT = Path(__file__).parents[2]
PARTS = ("archives", "console", "handlers", "infra")
LEFT_OUT = (".git", ".venv*", ".local", "__pycache__", ".hypothesis", ".pytest_cache", ".ruff_cache", ".coverage*")
MEMORY_BYTES = 8 << 30
FILE_BYTES = 1 << 30
TEST_TIMEOUT_S = 60

PASSED, FAILED = 0, 1


@dataclass(frozen=True)
class Outcome:
    """What became of a mutation: which tests noticed it, or that none did."""

    mutation: Mutation
    noticed_by: str | None
    seconds: float = 0.0


class Workshop:
    """A scratch copy of the project, in which one mutation at a time is tried. Close it.

    Args:
        stage_limit_s: how long one run of tests may take; a mutation with which they take longer is noticed.
    """

    def __init__(self, stage_limit_s: float) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="mutants-"))
        self._root = self._folder / "project"
        self._stage_limit_s = stage_limit_s
        shutil.copytree(ROOT, self._root, ignore=shutil.ignore_patterns(*LEFT_OUT))

    def close(self) -> None:
        """Delete the copy."""
        shutil.rmtree(self._folder)

    def try_out(self, mutation: Mutation) -> str | None:
        """Return the tests that notice a mutation, or None."""
        path = self._root / mutation.file
        source = path.read_text()
        path.write_text(mutation.applied_to(source))
        try:
            for tests in stages(mutation.file):
                noticed_by = self.failure(tests)
                if noticed_by is not None:
                    return noticed_by
            return None
        finally:
            path.write_text(source)

    def failure(self, tests: list[str]) -> str | None:
        """Run tests. Returns the first that fails, or why they could not be run; None where all pass."""
        temporary = self._folder / "temporary"
        temporary.mkdir()
        command = [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-o", f"timeout={TEST_TIMEOUT_S}"]
        process = subprocess.Popen(
            [*command, f"--basetemp={temporary / 'pytest'}", *tests],
            cwd=self._root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "TMPDIR": str(temporary)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=self._stage_limit_s)
        except subprocess.TimeoutExpired:
            return f"{' '.join(tests[:1])}: no end within {self._stage_limit_s:.0f} s"
        finally:
            _end(process)
            shutil.rmtree(temporary, ignore_errors=True)
        if process.returncode == PASSED:
            return None
        named = re.search(r"^(?:FAILED|ERROR) (\S+)", output, re.MULTILINE)
        return named[1] if named else f"exit code {process.returncode}: {' '.join(output[-300:].split())}"


def stages(file: str) -> list[list[str]]:
    """Return the tests of a source file: its mirror image, those that name its module, its room's, its part's."""
    path = Path(file)
    mirror = Path("tests") / path.parent / f"test_{path.name}"
    module = file.removesuffix(".py").replace("/", ".")
    room, name = module.rpartition(".")[::2]
    naming = re.compile(rf"{re.escape(module)}\b|from {re.escape(room)} import .*\b{name}\b")
    tests = texts_of_tests()
    naming_it = [test for test, text in tests.items() if naming.search(text)]
    mirrored = [test for test in tests if test == mirror]
    room_tests = [test for test in tests if test.parent == mirror.parent]
    part = [test for test in tests if test.parts[1] in _folders(path.parts[0])]
    ordered: list[list[str]] = []
    for group in (mirrored, naming_it, room_tests, part):
        before = {test for stage in ordered for test in stage}
        ordered.append([str(test) for test in group if str(test) not in before])
    return [stage for stage in ordered if stage]


@cache
def texts_of_tests() -> dict[Path, str]:
    """Return all files of tests and what is in them."""
    return {path.relative_to(ROOT): path.read_text() for path in sorted((ROOT / "tests").rglob("test_*.py"))}


def _folders(part: str) -> set[str]:
    """What stands under tests/ for a part: its own folder, the tests beside the folders, and what else uses it."""
    beside = {test.name for test in texts_of_tests() if len(test.parts) == 2}
    others = {"handlers": {"faults"}, "archives": {"infra"}}
    return {part, *beside, *others.get(part, set())}


def limit_what_is_used() -> None:
    """Limit the memory and files of this process and all that it starts: some mutations never end."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _end(process: subprocess.Popen[str]) -> None:
    """End the tests and all that they started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()
