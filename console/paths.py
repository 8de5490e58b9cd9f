"""The project's root, from which its modules are run and its archives made, and the local stack's folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCAL_DIR = Path(".local")  # unless the variable of this name says another
URL_FILE = "url"  # in it, while the stack answers: the address where it does
