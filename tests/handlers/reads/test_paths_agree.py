from __future__ import annotations

import pytest

from tests.support.api import SOURCES, Api, spread


@pytest.mark.parametrize("query", ["", "limit=3", "order=asc&limit=2", "min_value=0.25&max_value=0.75", "limit=1000"])
def test_the_three_paths_give_the_same_bytes_for_a_bookmark_and_query(api: Api, query: str) -> None:
    inserted = api.post("/insert", {"items": spread(120)}).json
    pages = [api.get(source, query, min_bookmark=inserted["bookmark"]) for source in SOURCES]
    assert [page.status for page in pages] == [200, 200, 200]
    assert [page.headers["snapshot-bookmark"] for page in pages] == [inserted["bookmark"]] * 3
    texts = {page.text.partition('"data":')[2].partition(',"timings_ms"')[0] for page in pages}
    assert len(texts) == 1
