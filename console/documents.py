"""docs/openapi.yaml: the API's description as a file. `make docs` runs `python -m console.documents FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

from handlers.openapi.description import description

HEADER = "# Made from the code by: make docs\n"


def yaml_text() -> str:
    """The description as YAML; through JSON, so that nothing in it is shared and written as an alias."""
    content = json.loads(json.dumps(description()))
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(yaml_text())
