"""docs/benchmark.schema.json: what a result holds. `make docs` runs `python -m console.benchmark.schema FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from console.result import json_schema


def schema_text() -> str:
    """The JSON Schema of a result file, as made from its dataclasses."""
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **json_schema()}, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text())
