"""The data model of readings.ndjson: one file in place of handlers/rows.py."""

from __future__ import annotations

from handlers.model.columns import Integer, Number, Text, Timestamp
from handlers.model.model import Model

MODEL = Model(
    "readings",
    Text("station", min_length=1, max_length=100, filter=True),
    Number("celsius", minimum=-100, maximum=100, statistics=True, description="Of the air, two metres above ground"),
    Integer("humidity", minimum=0, maximum=100, required=False, filter=True, description="In percent"),
    Timestamp("measured_at", filter=True),
)
