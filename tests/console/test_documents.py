from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from console.documents import TEXTS, schema_text
from console.results.result import Workload, to_json
from tests.support.results import sample_result

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs" / "benchmark.schema.json"


def test_the_schema_in_the_documents_is_the_one_that_is_checked() -> None:
    assert FILE.read_text() == schema_text(), "docs/benchmark.schema.json is out of date: make docs"


@pytest.mark.usefixtures("measured_children")
def test_each_file_is_written_by_its_name(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "console.documents", *map(tmp_path.joinpath, TEXTS)], check=True, cwd=ROOT)
    assert {name: (tmp_path / name).read_text() for name in TEXTS} == {name: text() for name, text in TEXTS.items()}


def test_every_member_of_a_result_is_in_the_schema_and_none_else_may_be() -> None:
    schema = json.loads(schema_text())
    assert list(schema["properties"]) == list(json.loads(to_json(sample_result())))
    assert schema["additionalProperties"] is False
    measurement = schema["$defs"]["Measurement"]
    assert measurement["additionalProperties"] is False
    assert measurement["properties"]["workload"] == {"enum": list(get_args(Workload)), "type": "string"}
