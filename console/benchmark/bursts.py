"""New sandboxes of a deployed function: only many requests at once make Lambda start some.

Which answers are the first of their sandbox, the receipts say: only these count. Sandboxes that were started stay, so
each burst is wider than the one before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import cycle, permutations

from console.benchmark.closed_loop import Keep
from console.benchmark.samples import Sample

STEP = 10  # requests by which a burst is wider than the one before
WIDEST = 120

Burst = Callable[[str, int], Iterable[Sample]]


def bursts(sources: Sequence[str], wanted: int, burst: Burst, keep: Keep) -> dict[str, str]:
    """Send bursts, the paths taking turns, until each has seen so many new sandboxes or a burst would be too wide.

    Args:
        burst: sends so many requests of a source at once, and yields their samples as they come.
        keep: gets every sample, also of those that were not the first.

    Returns:
        for each source that saw fewer than wanted: how many.
    """
    seen: Counter[str] = Counter()
    width = 0
    turns = cycle(source for order in permutations(sources) for source in order)
    while width < WIDEST and any(seen[source] < wanted for source in sources):
        source = next(turns)
        if seen[source] < wanted:
            width += STEP
            for sample in burst(source, width):
                keep(source, sample)
                seen[source] += sample.temperature == "cold"
    return {source: _note(seen[source], wanted) for source in sources if seen[source] < wanted}


def _note(seen: int, wanted: int) -> str:
    if seen:
        return f"new sandboxes seen: {seen} of {wanted} wanted"
    return f"no new sandbox seen in bursts of up to {WIDEST} requests"
