"""`python -m console`."""

from __future__ import annotations

import sys

from console.install import purpose_of

try:
    from console.cli import main

    sys.exit(main())
except KeyboardInterrupt:  # while the libraries are still being loaded
    sys.exit(130)
except ModuleNotFoundError as error:
    name = error.name or ""
    print(f"Error: the package {name} is not installed\nTry: make install-{purpose_of(name)}", file=sys.stderr)
    sys.exit(1)
