"""docs/benchmark.schema.json: what a result holds. `make docs` runs `python -m console.schema FILE`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from console.results.result import Result


class Untitled(GenerateJsonSchema):
    """A schema whose members have no titles: they would only repeat the names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def schema_text() -> str:
    """The JSON Schema of a result file, as made from its dataclasses."""
    schema = {"$schema": Untitled.schema_dialect, **TypeAdapter(Result).json_schema(schema_generator=Untitled)}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text())
