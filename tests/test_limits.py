"""docs/limits.md says what the code says: every number with a source in the code, and every limit of the code."""

from __future__ import annotations

import ast
import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from handlers.settings import VARIABLES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
# "| what | 16 MiB | `a.name.in.the.CODE` | …": a number with its unit, and where it comes from.
LIMITS = re.findall(r"^\| [^|]+ \| ([^|]+) \| `([\w.]+)` \|", PAGE, re.MULTILINE)
UNITS = {
    **dict.fromkeys(("", "bytes", "rows", "characters", "requests", "files", "ms", "s"), 1),
    **{"min": 60, "h": 3600, "days": 24 * 3600},
    **{"MB": 1_000_000, "MiB": 2**20},
}
MEGABYTES = {"tmpMb"}  # settings that count in the unit itself


def value_of(source: str) -> int | float:
    """The number behind a name: a setting of the stack, one of the functions, or a constant."""
    settings: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())["config"]
    if source in settings:
        return settings[source]["default"]
    variables = dict(VARIABLES)
    if source in variables:
        return int(variables[source])
    module, name = re.split(r"\.(?=[A-Z])", source, maxsplit=1)
    value: Any = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize(("said", "source"), LIMITS, ids=[source for _, source in LIMITS])
def test_a_limit_is_the_one_of_the_code(said: str, source: str) -> None:
    match = re.fullmatch(r"([-+.e\d ]+?) ?([A-Za-z]*)", said)
    assert match is not None, said
    value = value_of(source)
    number = type(value)(match[1].replace(" ", ""))
    assert number * (1 if source in MEGABYTES else UNITS[match[2]]) == value


def test_the_page_has_limits() -> None:
    assert len(LIMITS) > 30


def test_every_limit_of_the_code_is_on_the_page() -> None:
    """A constant named MAX_… or MOST_… is a limit that a user can meet."""
    named = {source for _, source in LIMITS}
    for path in sorted((ROOT / "handlers").rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign):
                names = [target.id for target in node.targets if isinstance(target, ast.Name)]
                assert all(f"{module}.{name}" in named for name in names if name.startswith(("MAX_", "MOST_"))), (
                    module,
                    names,
                )
