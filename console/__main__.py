"""`python -m console`."""

from __future__ import annotations

import sys
from pathlib import Path

from console.declaration import HINT, fault_of
from console.install import purpose_of
from console.paths import ROOT, pasted, program

ENVIRONMENT = ROOT / ".venv"

try:
    from console.cli import main

    sys.exit(main())
except KeyboardInterrupt:  # while the libraries are still being loaded
    sys.exit(130)
except Exception as error:
    fault = fault_of(error)
    if fault is not None:
        print(f"Error: {fault}\nTry: {HINT}", file=sys.stderr)
        sys.exit(2)
    if not isinstance(error, ModuleNotFoundError):
        raise
    name = error.name or ""
    python = ENVIRONMENT / "bin" / "python"
    is_elsewhere = python.exists() and Path(sys.prefix).resolve() != ENVIRONMENT.resolve()
    elsewhere = f"{program(python, Path.cwd())} {pasted(sys.argv[1:])}".rstrip()
    hint = elsewhere if is_elsewhere else f"make install-{purpose_of(name)}"
    print(f"Error: the package {name} is not installed\nTry: {hint}", file=sys.stderr)
    sys.exit(1)
