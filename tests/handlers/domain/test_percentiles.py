from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.percentiles import nearest_rank, rank

PERCENTILES = (50, 90, 99)

values = st.lists(st.floats(0, 1e9), min_size=1, max_size=300).map(sorted)


@pytest.mark.parametrize(
    ("count", "ranks"),
    [(1, (0, 0, 0)), (2, (0, 1, 1)), (3, (1, 2, 2)), (10, (4, 8, 9)), (100, (49, 89, 98)), (101, (50, 90, 99))],
)
def test_ranks_by_hand(count: int, ranks: tuple[int, int, int]) -> None:
    assert tuple(rank(count, percent) for percent in PERCENTILES) == ranks
    assert (rank(count, 0), rank(count, 100)) == (0, count - 1)


@given(values, st.integers(1, 100))
def test_it_is_the_least_of_the_values_that_so_many_percent_do_not_exceed(ranked: list[float], percent: int) -> None:
    found = nearest_rank(ranked, percent)
    assert sum(value <= found for value in ranked) * 100 >= percent * len(ranked)
    assert sum(value < found for value in ranked) * 100 < percent * len(ranked)


@pytest.mark.parametrize("percent", PERCENTILES)
def test_numpy_means_the_same_by_the_inverted_distribution(percent: int) -> None:
    for count in range(1, 1200):
        ranked = [float(number) for number in range(count)]
        assert nearest_rank(ranked, percent) == np.percentile(ranked, percent, method="inverted_cdf")
