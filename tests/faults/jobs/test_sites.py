"""The table is whole: whatever the worker's code calls outside is made, and so fails, in some test of this room."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.faults.calls.outside import ROOT, Site
from tests.faults.calls.test_sites import called, calls_in
