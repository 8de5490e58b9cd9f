"""The documents' blocks of code."""

from __future__ import annotations

import re

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def typed_lines(text: str) -> list[str]:
    """Return the lines that stand in a document's fences; of a console's, those that were typed."""
    lines: list[str] = []
    for kind, block in FENCE.findall(text):
        joined = re.sub(r"\\\n\s*", " ", block).splitlines()
        lines += [line.removeprefix("$ ") for line in joined if kind != "console" or line.startswith("$ ")]
    return lines
