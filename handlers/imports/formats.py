"""The formats of files that are imported."""

from __future__ import annotations

CSV, NDJSON = FORMATS = ("csv", "ndjson")
