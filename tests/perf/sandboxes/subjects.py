"""Everything that is measured, ready to be started: subjects in sandboxes, all under one interpreter."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from pathlib import Path

from tests.perf.sandboxes.layer import layer, version_of
from tests.perf.sandboxes.packing import Package, packages
from tests.perf.sandboxes.sandbox import Sandbox, cores

NOOP, PLAIN, OURS, WITHOUT = "noop", "plain", "ours", "ours without byte code"


class Subjects:
    """The packages of all subjects, and the cores they run on.

    Args:
        folder: a new one, for packages, disks and logs.
        python: the interpreter that they run under.

    Attributes:
        python, version: the interpreter with Lambda's layer, and its version.
        packages: by subject.
        own_cores, cores: where the rig runs, and where the sandboxes do; nothing: anywhere.
    """

    def __init__(self, folder: Path, python: str) -> None:
        self.version = version_of(python)
        self.packages: Mapping[str, Package] = packages(folder / "packages", python)
        self.python = layer(python)
        self._folder = folder
        self._numbers = itertools.count()
        self.own_cores, self.cores = cores()

    def new_disk(self) -> Path:
        """Return the path of a sandbox's own disk, which is not there yet."""
        return self._folder / "disks" / str(next(self._numbers))

    def start(self, subject: str, environ: Mapping[str, str]) -> Sandbox:
        """Start a sandbox; it need not be ready yet."""
        package = self.packages[subject]
        return Sandbox(
            [self.python, "-m", "awslambdaric", package.handler],
            package.folder,
            {**lambda_environ(package, self.version), **environ},
            self._folder / f"{next(self._numbers)}.log",
            self.cores,
        )


def lambda_environ(package: Package, version: str) -> dict[str, str]:
    """Return what Lambda's runtime sets. The client polls from a thread or not by the name of the runtime."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "LAMBDA_TASK_ROOT": str(package.folder),
        "PYTHONDONTWRITEBYTECODE": "1",  # as if the archive's folder were read-only
        "_HANDLER": package.handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{version.rpartition('.')[0]}",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769",  # a whole core
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/bench",
        "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }
