from __future__ import annotations

from console.benchmark.bursts import STEP, WIDEST, bursts
from console.benchmark.samples import Sample
from handlers.routes import SOURCES


class Lambda:
    """A function whose sandboxes stay: a burst starts those that it needs more than there are, up to a limit."""

    def __init__(self, limit: int = 1000) -> None:
        self.limit = limit
        self.there = 0
        self.widths: list[tuple[str, int]] = []

    def burst(self, source: str, width: int) -> list[Sample]:
        self.widths.append((source, width))
        new = max(0, min(width, self.limit) - self.there)
        self.there += new
        cold = [Sample(0.0, 90.0, None, 1, {}, {"init_ms": 80.0})] * new
        return [*cold, *[Sample(0.0, 1.0, None, 1, {}, {})] * (width - new)]


def test_each_burst_is_wider_than_the_one_before_and_the_paths_take_turns() -> None:
    function = Lambda()
    kept: list[tuple[str, Sample]] = []
    notes = bursts(SOURCES, STEP, function.burst, lambda source, sample: kept.append((source, sample)))
    assert function.widths == [(source, STEP * number) for number, source in enumerate(SOURCES, 1)]
    assert notes == {}
    assert len(kept) == 60
    for source in SOURCES:
        assert sum(sample.temperature == "cold" for its, sample in kept if its == source) == STEP


def test_a_path_that_has_seen_enough_is_left_alone() -> None:
    function = Lambda()

    def burst(source: str, width: int) -> list[Sample]:
        return function.burst(source, width) if source != "ddb" else [Sample(0.0, 1.0, "429", 1, {}, {})]

    notes = bursts(SOURCES, 5, burst, lambda _, __: None)
    assert [source for source, _ in function.widths] == ["sqlite-efs", "sqlite-tmp"]
    assert notes == {"ddb": f"no new sandbox seen in bursts of up to {WIDEST} requests"}


def test_few_new_sandboxes_are_said_to_be_few() -> None:
    notes = bursts(SOURCES, 7, Lambda(limit=25).burst, lambda _, __: None)
    assert notes == {"ddb": "new sandboxes seen: 5 of 7 wanted"}


def test_no_new_sandbox_is_said_and_ends() -> None:
    function = Lambda(limit=0)
    notes = bursts(SOURCES, 1, function.burst, lambda _, __: None)
    assert max(width for _, width in function.widths) == WIDEST
    assert set(notes) == set(SOURCES)
