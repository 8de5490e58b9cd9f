"""The documents made from the code: `python -m console.documents docs/openapi.yaml docs/benchmark.schema.json …`.

A file's name says which it is: `TEXTS` has them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from console.results.result import BenchResult
from console.verdict.calculator import model_text
from handlers.openapi.description import description

HEADER = "# Made from the code by: make docs\n"


class Untitled(GenerateJsonSchema):
    """A schema whose members have no titles: they would only repeat the names."""

    def field_title_should_be_set(self, schema: object) -> bool:
        return False


def yaml_text() -> str:
    """Return the API's description as YAML; through JSON, so that nothing in it is shared and written as an alias."""
    content = json.loads(json.dumps(description()))
    return HEADER + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def schema_text() -> str:
    """Return the JSON Schema of a result file, as made from its dataclasses."""
    schema = {"$schema": Untitled.schema_dialect, **TypeAdapter(BenchResult).json_schema(schema_generator=Untitled)}
    return json.dumps(schema, indent=2) + "\n"


TEXTS = {"openapi.yaml": yaml_text, "benchmark.schema.json": schema_text, "model.json": model_text}

if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(TEXTS[path.name]())
