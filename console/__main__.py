"""`python -m console`."""

from __future__ import annotations

import sys

try:
    from console.cli import main

    sys.exit(main())
except KeyboardInterrupt:  # while the libraries are still being loaded
    sys.exit(130)
