"""The project's root, from which its modules are run and its archives made."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
