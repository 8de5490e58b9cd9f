from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.errors import ConsoleError
from console.lake.backfill import backfill
from console.lake.place import LakePlace
from console.terminal import Steps
from handlers.aws.objects import Objects
from handlers.domain.hashes import hash_text
from handlers.lake.lake import Lake
from handlers.lake.page import CONTENT_TYPE, page_key
from handlers.rows import MODEL
from tests.console.lake.conftest import BRANCH
from tests.handlers.lake.scene import assert_whole, contents, s3_client
from tests.support.meddling import EPOCH, Meddled, set_head

PAGES = [page_key(EPOCH, 0), page_key(EPOCH, 1), page_key(BRANCH, 1), page_key(BRANCH, 2)]


def puts(place: LakePlace, steps: Steps, **options: Any) -> list[str]:
    """Fill the lake. Returns the keys that were put."""
    client = Meddled(s3_client(), {}, {})
    behind = LakePlace(place.ledger, Objects(client, place.objects.bucket))
    outcome = backfill(behind, place.head(), steps, **options)
    keys = [arguments["Key"] for arguments in client.arguments_of("put_object")]
    assert outcome.written == len(keys)
    return sorted(keys)


def test_an_empty_lake_is_filled_and_proven(empty: LakePlace, steps: Steps) -> None:
    head = empty.head()
    outcome = backfill(empty, head, steps)
    assert (outcome.bookmark, outcome.rows, outcome.pages, outcome.written) == (str(head.bookmark), 23, 4, 4)
    assert outcome.hash == hash_text(head.hash)
    assert list(contents(empty.objects)) == PAGES
    assert_whole(empty.ledger, empty.objects)


def test_afterwards_the_clock_has_nothing_to_do(empty: LakePlace, steps: Steps) -> None:
    backfill(empty, empty.head(), steps)
    assert Lake(empty.ledger, empty.objects).write(60.0)["pages"] == 0


def test_what_is_there_is_not_written_again(filled: LakePlace, steps: Steps) -> None:
    assert puts(filled, steps) == []


def test_again_writes_all_of_it_and_loses_no_row_of_a_branch_that_was_left(filled: LakePlace, steps: Steps) -> None:
    before = contents(filled.objects)
    assert puts(filled, steps, again=True) == sorted(PAGES)
    assert contents(filled.objects) == before


def test_a_page_that_was_lost_is_written(filled: LakePlace, steps: Steps) -> None:
    s3_client().delete_object(Bucket=filled.objects.bucket, Key=PAGES[2])
    assert puts(filled, steps) == [PAGES[2]]
    assert_whole(filled.ledger, filled.objects)


def test_one_that_was_cut_short_goes_on_where_it_stopped(empty: LakePlace, steps: Steps) -> None:
    class CtrlC(BaseException):
        pass

    def interrupt(_run: object) -> None:
        raise CtrlC

    client = Meddled(s3_client(), {"put_object": [None, None, interrupt, interrupt]}, {})
    with pytest.raises(CtrlC):
        backfill(LakePlace(empty.ledger, Objects(client, empty.objects.bucket)), empty.head(), steps)
    there = list(contents(empty.objects))
    assert len(there) == 2
    assert puts(empty, steps) == sorted(set(PAGES) - set(there))
    assert_whole(empty.ledger, empty.objects)


@pytest.mark.parametrize(
    "metadata",
    [
        {"columns": "7"},
        {f"hash-{MODEL.rows_version}": "short"},
        {"last": "8", "rows": "8"},
        {"rows": "9"},
        {"first": "2"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_page_whose_metadata_is_not_its_own_is_written(
    filled: LakePlace, steps: Steps, metadata: dict[str, str]
) -> None:
    change(filled, PAGES[0], metadata)
    assert puts(filled, steps) == [PAGES[0]]
    assert_whole(filled.ledger, filled.objects)


def test_a_page_with_the_right_count_of_other_rows_is_found_by_the_hash(filled: LakePlace, steps: Steps) -> None:
    change(filled, PAGES[1], {f"hash-{MODEL.rows_version}": "0" * 32})
    assert puts(filled, steps) == [PAGES[1]]
    assert_whole(filled.ledger, filled.objects)


def test_a_ledger_that_is_not_what_its_head_says_is_not_blessed(filled: LakePlace, steps: Steps) -> None:
    head = filled.head()
    set_head(filled.ledger, replace(head, hash=head.hash ^ 1))
    with pytest.raises(ConsoleError, match="not what the ledger's head says") as caught:
        backfill(filled, filled.head(), steps)
    assert caught.value.hint.endswith("verify --level full")


def change(place: LakePlace, key: str, metadata: dict[str, str]) -> None:
    """Let a page say something else of itself."""
    found = place.objects.head(key)
    assert found is not None
    content, described = place.objects.get(key), {**found.metadata, **metadata}
    assert place.objects.put(key, content, described, CONTENT_TYPE, found)
