"""The table is whole: whatever the worker's code calls outside is made, and so fails, in some test of this room."""

from __future__ import annotations
