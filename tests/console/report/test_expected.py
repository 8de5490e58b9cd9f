from __future__ import annotations

from console.expectations.expectation import Expectation, TimePart
from console.expectations.latencies import latencies
from console.report.expected import expected_table, explain, parts_table
from console.report.tables import TextTable

WARM = Expectation(
    "sqlite-efs", "newest-100", False, 4.1, 10.26, 33.4, (TimePart("EFS round trips", 0.017, 0.004, 0.017, 3.0),)
)
COLD = Expectation("ddb", "first-in-sandbox", False, 380.0, 512.0, 1_629.0, ())
SEEN = Expectation("ddb", "newest-100", True, 18.0, 20.26, 81.04)
MODEL = (
    f"≈ is a model: operations counted here, at latencies published until {latencies().date}, and the function's own "
    "time; slow is where all of them are slow at once."
)
MEASURED = "Without ≈ it was measured on AWS, at the client; slow is then the p99."


def test_a_model_s_times_are_marked_and_have_two_digits() -> None:
    assert expected_table([WARM, COLD]) == TextTable(
        ["expected on AWS, ms", "sqlite-efs", "ddb"],
        [
            ["warm read, p50", "≈ 10", "-"],
            ["warm read, slow", "≈ 33", "-"],
            ["first read in a new sandbox, p50", "-", "≈ 510"],
            ["first read in a new sandbox, slow", "-", "≈ 1,600"],
        ],
    )
    assert explain([WARM, COLD]) == MODEL


def test_what_was_measured_is_not_marked() -> None:
    assert expected_table([WARM, SEEN]).rows == [
        ["warm read, p50", "≈ 10", "20.3"],
        ["warm read, slow", "≈ 33", "81.0"],
    ]
    assert explain([WARM, SEEN]) == f"{MODEL} {MEASURED}"
    assert explain([SEEN]) == MEASURED


def test_a_model_s_times_are_shown_part_by_part() -> None:
    assert parts_table([WARM, SEEN]) == TextTable(
        ["read", "path", "part", "count", "low", "typical", "slow"],
        [["warm read", "sqlite-efs", "EFS round trips", "0.017", "0.004", "0.017", "3"]],
        texts=3,
    )
    assert parts_table([SEEN]) is None
    assert explain([]) == ""
