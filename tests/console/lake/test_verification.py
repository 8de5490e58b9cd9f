from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import replace

import pytest

from console.errors import ConsoleError
from console.lake.backfill import backfill
from console.lake.place import LakePlace
from console.lake.verification import OTHER_CONTENT, OTHER_ROWS, Difference, LakeVerification, verify_lake
from console.terminal import Steps, messages
from handlers.aws.objects import Objects
from handlers.domain.hashes import hash_text
from handlers.domain.problem import Problem
from handlers.lake.page import CONTENT_TYPE, packed, page_key, unpacked
from handlers.ledger.head import Head
from handlers.rows import MODEL
from tests.console.lake.conftest import BRANCH, fill
from tests.console.lake.test_backfill import PAGES, change
from tests.handlers.lake.scene import s3_client
from tests.support.meddling import EPOCH, Meddled, appender, drafts, no_time_limit, set_head

WHERE = (
    f"root IN ('{EPOCH}', '{BRANCH}') AND ((root = '{EPOCH}' AND seq BETWEEN 1 AND 14) "
    f"OR (root = '{BRANCH}' AND seq BETWEEN 15 AND 23))"
)


def verified(place: LakePlace, steps: Steps, *, deep: bool = False) -> LakeVerification:
    return verify_lake(place, place.head(), steps, deep=deep)


@pytest.mark.parametrize("deep", [False, True], ids=["by its metadata", "by its content"])
def test_a_whole_lake_is_right(filled: LakePlace, steps: Steps, *, deep: bool) -> None:
    head = filled.head()
    outcome = verified(filled, steps, deep=deep)
    assert outcome == LakeVerification(
        str(head.bookmark), 23, 4, hash_text(head.hash), 0, None, [], [], is_deep=deep, where=WHERE
    )
    assert outcome.is_right


def test_nothing_is_downloaded_unless_it_is_asked_for(filled: LakePlace, steps: Steps) -> None:
    for deep, count in ((False, 0), (True, 4)):
        client = Meddled(s3_client(), {}, {})
        verified(LakePlace(filled.ledger, Objects(client, filled.objects.bucket)), steps, deep=deep)
        assert len(client.arguments_of("get_object")) == count


def test_rows_that_the_clock_has_not_come_to_are_counted_and_are_no_difference(filled: LakePlace, steps: Steps) -> None:
    appender(filled.ledger).append(drafts(30), no_time_limit())
    outcome = verified(filled, steps)
    assert (outcome.is_right, outcome.rows, outcome.unwritten) == (True, 23, 30)
    assert outcome.unwritten_since == filled.ledger.created_at(filled.head(), 24, no_time_limit())
    assert outcome.where == WHERE


def test_a_page_that_has_grown_meanwhile_is_right(filled: LakePlace, steps: Steps) -> None:
    head = filled.head()
    appender(filled.ledger).append(drafts(2), no_time_limit())
    fill(filled.ledger, filled.objects)
    assert verify_lake(filled, head, steps, deep=True).is_right


def test_a_page_that_is_gone_is_missing(filled: LakePlace, steps: Steps) -> None:
    s3_client().delete_object(Bucket=filled.objects.bucket, Key=PAGES[1])
    assert verified(filled, steps).differences == [Difference(PAGES[1], "is missing")]


def test_pages_are_told_in_their_order_with_what_is_wrong(filled: LakePlace, steps: Steps) -> None:
    change(filled, PAGES[3], {"last": "22", "rows": "2"})
    change(filled, PAGES[1], {f"hash-{MODEL.rows_version}": ""})
    change(filled, PAGES[0], {f"hash-{MODEL.rows_version}": "0" * 32})
    assert verified(filled, steps).differences == [
        Difference(PAGES[0], OTHER_ROWS),
        Difference(PAGES[1], "was written with other columns"),
        Difference(PAGES[3], "has 2 rows, 21 to 22, and not 21 to 23"),
    ]
    backfill(filled, filled.head(), steps)
    assert verified(filled, steps, deep=True).is_right


def other_row(content: bytes) -> bytes:
    seqs, texts = unpacked(content)
    return packed(seqs, [*texts[:-1], '{"id":"other"}'])


def fewer_rows(content: bytes) -> bytes:
    seqs, texts = unpacked(content)
    return packed(seqs[:-1], texts[:-1])


def cut_off(content: bytes) -> bytes:
    return content[:-9]


def no_gzip(_content: bytes) -> bytes:
    return b"no gzip"


def no_rows(_content: bytes) -> bytes:
    return gzip.compress(b"no rows\n")


@pytest.mark.parametrize("damage", [other_row, fewer_rows, cut_off, no_gzip, no_rows])
def test_a_content_that_is_not_what_its_metadata_says_is_found_by_reading_it(
    filled: LakePlace, steps: Steps, damage: Callable[[bytes], bytes]
) -> None:
    found = filled.objects.head(PAGES[0])
    assert found is not None
    content = damage(filled.objects.get(PAGES[0]))
    filled.objects.put(PAGES[0], content, found.metadata, CONTENT_TYPE, found)
    assert verified(filled, steps).is_right
    assert verified(filled, steps, deep=True).differences == [Difference(PAGES[0], OTHER_CONTENT)]
    backfill(filled, filled.head(), steps, again=True)
    assert verified(filled, steps, deep=True).is_right


def test_objects_of_no_history_are_named_and_those_of_a_branch_that_was_left_are_not(
    filled: LakePlace, steps: Steps
) -> None:
    strays = [page_key(EPOCH, 7), page_key(99, 0), "lake/readme.txt"]
    for key in strays:
        filled.objects.put(key, b"", {}, CONTENT_TYPE, None)
    outcome = verified(filled, steps)
    assert (outcome.strays, outcome.differences, outcome.is_right) == (sorted(strays), [], False)


def test_a_lake_without_rows_is_to_be_filled(empty: LakePlace, steps: Steps) -> None:
    with pytest.raises(ConsoleError, match="has no rows yet") as caught:
        verified(empty, steps)
    assert caught.value.hint == empty.command("backfill")


def test_the_local_stacks_lake_is_filled_by_its_next_round(empty: LakePlace, steps: Steps) -> None:
    with pytest.raises(ConsoleError, match="has no rows yet") as caught:
        verified(replace(empty, is_local=True), steps)
    assert caught.value.hint.startswith("the next round writes it, a minute after the local stack's start ")
    assert caught.value.hint.endswith(f"; now: {empty.command('backfill')}")


def test_it_is_told_how_far_the_reading_of_missing_rows_is(
    filled: LakePlace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("console.terminal.STEP_INTERVAL_S", 0)
    for key in PAGES[:2]:
        s3_client().delete_object(Bucket=filled.objects.bucket, Key=key)
    appender(filled.ledger).append(drafts(3), no_time_limit())
    verified(filled, Steps(messages()))
    lines = [line.strip() for line in capsys.readouterr().err.splitlines() if "rows that the lake lacks" in line]
    counted = [line.partition(", ")[0] for line in lines[:-1]]
    assert len(counted) > 1
    assert counted[-1] == "read the rows that the lake lacks: 17 of 17 rows"


def test_an_empty_ledger_has_an_empty_lake(empty: LakePlace, steps: Steps) -> None:
    set_head(empty.ledger, Head.new(EPOCH))
    outcome = verified(empty, steps)
    assert (outcome.is_right, outcome.rows, outcome.pages, outcome.where) == (True, 0, 0, "false")


def test_a_ledger_that_is_not_what_its_head_says_is_told(filled: LakePlace, steps: Steps) -> None:
    head = filled.head()
    set_head(filled.ledger, replace(head, hash=head.hash ^ 1))
    with pytest.raises(ConsoleError, match="not what the ledger's head says"):
        verified(filled, steps)


def test_rows_that_the_ledger_lacks_are_told(filled: LakePlace, steps: Steps) -> None:
    filled.ledger.client.delete_item(
        TableName=filled.ledger.table_name, Key={"pk": {"S": f"ledger#{EPOCH}#0"}, "sk": {"N": "3"}}
    )
    change(filled, PAGES[0], {f"hash-{MODEL.rows_version}": "0" * 32})
    with pytest.raises(Problem) as caught:
        verified(filled, steps)
    assert "lacks 1 of the rows" in caught.value.detail
