"""The tool that measures the tests: `make mutants`."""

from __future__ import annotations

import pytest

from tests.mutants.__main__ import candidates, sample
from tests.mutants.mutations import mutations_of
from tests.mutants.trial import PARTS, ROOT, stages


def made_of(source: str) -> set[str]:
    """All lines that can come of one line."""
    return {mutation.after for place in mutations_of("a.py", source) for mutation in place}


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("a < b", {"a <= b", "a >= b", "pass"}),
        ("a is not b", {"a is b", "pass"}),
        ("x[0] = a in b", {"x[1] = a in b", "x[(-1)] = a in b", "x[0] = a not in b", "pass"}),
        ("c = a and b", {"c = a or b", "c = True and b", "c = a and True"}),
        ("c = a or b", {"c = a and b", "c = False or b", "c = a or False"}),
        ("c = not a", {"c = a"}),
        ("if a: b = c", {"if (not (a)): b = c"}),
        ("c = a if b else d", {"c = a if (not (b)) else d"}),
        ("c = a + b", {"c = a - b"}),
        ("c = a // b", {"c = a / b"}),
        ("c += b", {"c -= b", "pass"}),
        ("c = 7", {"c = 8", "c = (6)"}),
        ("c = 2.0", {"c = 3.0"}),
        ("c = True", {"c = False"}),
        ("c = 'a'", {"c = 'a!'"}),
        ("c = b'a'", {"c = b'a!'"}),
        ("c = min(a, b)", {"c = max(a, b)"}),
        ("c = f(a, b=d, e=g)", {"c = f(a, e=g)", "c = f(a, b=d)"}),
        ("def f(): return a", {"def f(): return None"}),
        ("f()", {"pass"}),
        ("raise ValueError(1)", {"pass"}),
        ("c = 'é' < b", {"c = 'é!' < b", "c = 'é' <= b", "c = 'é' >= b"}),
    ],
)
def test_each_kind_of_change_is_made(source: str, made: set[str]) -> None:
    assert made_of(source) == made


@pytest.mark.parametrize(
    "source",
    [
        '"""Words."""',
        "import a.b",
        "_log.warning('words %s', 1)",
        "a: list[int]",
        "detail = 'words'",
        "a = {'description': 'words'}",
        "a = f'words {b}'",
        "if TYPE_CHECKING: a = 1",
    ],
)
def test_words_and_types_are_left_alone(source: str) -> None:
    assert made_of(source) - {"a = {'description!': 'words'}"} == set()


def test_a_seed_draws_the_same_sample_again_and_another_seed_another() -> None:
    places = [*candidates(["handlers/domain"])]
    assert sample(places, 10, 1) == sample(places, 10, 1) != sample(places, 10, 2)
    assert len({(mutation.file, mutation.start, mutation.after) for mutation in sample(places, 100, 1)}) == 100


@pytest.mark.parametrize("part", PARTS)
def test_every_file_is_drawn_from_and_its_tests_come_first(part: str) -> None:
    files = {place[0].file for place in candidates([part])}
    assert len(files) > 1
    for file in files:
        first, *_ = stages(file)
        mirror = f"tests/{file.rpartition('/')[0]}/test_{file.rpartition('/')[2]}"
        assert first == [mirror] if (ROOT / mirror).exists() else first
