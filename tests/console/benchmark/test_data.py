from __future__ import annotations

import json
from collections.abc import Iterator
from statistics import fmean

import httpx
import pytest

from console.benchmark.data import grow, inspect_data, look_at
from console.client.client import Client
from console.client.pages import Walk
from console.client.snapshots import newest_snapshot
from console.costs.row_size import shown_row_bytes
from console.errors import ConsoleError
from console.local.background import BackgroundStack
from console.paths import PROGRAM
from console.results.result import Size
from tests.support.drafts import VALUE
from tests.support.local.faults import FaultyApi, answers


@pytest.fixture
def client(live: BackgroundStack) -> Iterator[Client]:
    with Client(live.url) as made:
        yield made


def test_rows_are_loaded_until_there_are_so_many(client: Client) -> None:
    there = newest_snapshot(client).bookmark.seq
    told: list[int] = []
    loaded = grow(client, there + 1200, 1, told.append)
    assert loaded is not None
    assert (loaded.inserted, loaded.snapshot) == (1200, loaded.bookmark)
    assert newest_snapshot(client).bookmark.seq == there + 1200
    assert told == [there, 1000, 200]
    assert grow(client, there + 1200, 1, told.append) is None


def test_a_ledger_that_has_more_is_said_to(client: Client) -> None:
    grow(client, newest_snapshot(client).bookmark.seq + 10, 1, lambda _: None)
    there = newest_snapshot(client).bookmark.seq
    with pytest.raises(ConsoleError, match=f"has {there:,} rows already, more than the 3 asked for") as error:
        grow(client, 3, 1, lambda _: None)
    assert "--local" in error.value.hint


def test_what_the_workloads_need_is_found_out_and_no_more(client: Client, faulty: FaultyApi) -> None:
    grow(client, newest_snapshot(client).bookmark.seq + 1500, 1, lambda _: None)
    with Client(faulty.url) as watched:
        plain = inspect_data(watched, ["newest-100"])
        assert (plain.ids, plain.values) == ((), ())
        newest = f"/sqlite-efs?limit=1000&as_of={plain.published.bookmark}"
        assert [path for _, path, _ in faulty.seen] == ["/snapshots", newest]
        whole = inspect_data(watched, ["by-id", "range"])
    bookmark = whole.published.bookmark
    texts = [text for page in Walk(client, "ddb", bookmark).pages() for text in page]
    assert list(whole.ids) == [json.loads(text)["id"] for text in texts]
    assert list(whole.values) == sorted({json.loads(text)[VALUE] for text in texts})
    stored = [shown_row_bytes(json.loads(text), bookmark) for text in texts[-1000:]]
    assert plain.row_bytes == whole.row_bytes == pytest.approx(fmean(stored))
    assert look_at(client) == Size(bookmark.seq, whole.published.size_bytes, str(bookmark), (), whole.row_bytes)
    newest = httpx.get(f"{client.url}/snapshots").json()["snapshots"][0]
    assert (str(bookmark), whole.published.size_bytes) == (newest["bookmark"], newest["bytes"])


def test_an_empty_data_set_cannot_be_measured(faulty: FaultyApi) -> None:
    faulty.script.append(answers(200, {"snapshots": [{"bookmark": "7.0", "hash": "0", "bytes": 9}]}))
    with Client(faulty.url) as client, pytest.raises(ConsoleError, match="has no rows to read") as error:
        inspect_data(client, [])
    assert error.value.hint == f"{PROGRAM} seed --url {faulty.url} --count 10000"
