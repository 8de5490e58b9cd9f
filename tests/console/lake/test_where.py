from __future__ import annotations

import pytest

from console.lake.where import where_clause
from handlers.lake.stretches import Stretch

ONE = "root = '17' AND seq BETWEEN 1 AND 500"
TWO = "root = '23' AND seq BETWEEN 501 AND 900"


@pytest.mark.parametrize(
    ("stretches", "clause"),
    [
        ([], "false"),
        ([Stretch(17, 1, 500)], ONE),
        ([Stretch(17, 1, 500), Stretch(23, 501, 900)], f"root IN ('17', '23') AND (({ONE}) OR ({TWO}))"),
    ],
    ids=["none", "one", "two"],
)
def test_each_root_stands_in_it_as_a_text_with_its_rows(stretches: list[Stretch], clause: str) -> None:
    assert where_clause(stretches) == clause
