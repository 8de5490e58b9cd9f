"""The published latencies of AWS, on one date, from a file that says where each of them stands.

latencies.json beside this module is the only place with a latency in it. Two of its figures were measured here instead,
since nobody publishes them; their source is a document of this project.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, with_config

OWN_FILE = Path(__file__).with_name("latencies.json")

Amount = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Text = Annotated[str, Field(min_length=1)]

_known = with_config(ConfigDict(extra="forbid"))


@_known
@dataclass(frozen=True)
class LatencyFigure:
    """One figure, with its range.

    Args:
        low, typical, slow: in its unit.
        title: of the page that says so, and its date where it has one.
        source: that page's address, or the document of this project that says how it was measured.
        reading: how the page's words became these three numbers.
    """

    low: Amount
    typical: Amount
    slow: Amount
    unit: Text
    title: Text
    source: Annotated[str, Field(pattern="^(https://|docs/)")]
    reading: Text


@_known
@dataclass(frozen=True)
class LatencyFigures:
    """Every figure that an expectation is made of."""

    gateway: LatencyFigure
    sandbox_start: LatencyFigure
    efs_round_trip: LatencyFigure
    efs_transfer: LatencyFigure
    dynamodb_round_trip: LatencyFigure
    database_round_trip: LatencyFigure
    database_connection: LatencyFigure
    driver_first_use: LatencyFigure
    sdk_read: LatencyFigure
    sdk_first_use: LatencyFigure
    function_speed: LatencyFigure


@_known
@dataclass(frozen=True)
class LatencyList:
    """Figures with the date on which they were looked up."""

    date: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
    figures: LatencyFigures


@cache
def latencies() -> LatencyList:
    """Read the file."""
    return TypeAdapter(LatencyList).validate_json(OWN_FILE.read_bytes(), strict=True)


def named_figures(figures: LatencyFigures) -> dict[str, LatencyFigure]:
    """Return the figures by name."""
    return {field.name: getattr(figures, field.name) for field in fields(LatencyFigures)}
