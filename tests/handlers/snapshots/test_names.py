from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import MAX_EPOCH, MAX_SEQ, Bookmark
from handlers.rows import MODEL
from handlers.snapshots.names import Name, snapshots_dir

GOOD = "0000000000001000-000000000003-000000000002-000001-0123456789abcdef.db"

epochs = st.integers(0, MAX_EPOCH)
ranges = st.tuples(st.integers(1, MAX_SEQ), st.integers(1, MAX_SEQ)).map(sorted)
digests = st.text("0123456789abcdef", min_size=16, max_size=16)
schemas = st.integers(0, 999_999)


@st.composite
def names(draw: st.DrawFn) -> Name:
    first, last = draw(ranges)
    return Name.of(Bookmark(draw(epochs), last), first, draw(digests))


@given(epochs, ranges | st.just([1, 0]), digests, schemas)
def test_a_name_says_epoch_rows_schema_and_digest(epoch: int, rows: list[int], digest: str, schema: int) -> None:
    first, last = rows
    name = Name.parse(str(Name.of(Bookmark(epoch, last), first, digest, schema)))
    assert name is not None
    assert (name.epoch, name.first, name.last, name.rows) == (epoch, first, last, last - first + 1)
    assert (name.bookmark, name.schema, name.digest) == ((epoch, last), schema, digest)


@given(names(), names())
def test_names_sort_by_epoch_then_last_row_then_first_row(one: Name, other: Name) -> None:
    key, other_key = (one.epoch, one.last, one.first), (other.epoch, other.last, other.first)
    if key != other_key:
        assert (one < other) == (key < other_key)


@given(names(), epochs)
def test_in_another_epoch_only_the_epoch_differs(name: Name, epoch: int) -> None:
    assert name.in_epoch(epoch) == Name.of(Bookmark(epoch, name.last), name.first, name.digest)
    assert name.in_epoch(epoch).in_epoch(name.epoch) == name


def test_the_form_is_the_one_that_is_documented() -> None:
    assert Name.of(Bookmark(1000, 3), 2, "0123456789abcdef", 1) == GOOD
    assert Name.of(Bookmark(1000, 3), 2, "0123456789abcdef").schema == MODEL.schema_version
    assert snapshots_dir("/mnt/efs") == "/mnt/efs/snapshots"


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", ".db", GOOD[1:], "0" + GOOD, GOOD + " ", " " + GOOD, GOOD + "\n", GOOD + ".db", GOOD + "-journal"),
        *(GOOD[:-3], GOOD[:-1], GOOD[:-3] + ".DB", GOOD[:-3] + ".tmp", GOOD[:-3] + ".db3", GOOD.replace(".", "_")),
        *(GOOD.upper(), GOOD.replace("abcdef", "ABCDEF"), GOOD.replace("abcdef", "abcdeg"), GOOD.replace("f.", ".")),
        *(GOOD.replace("f.", "f0."), GOOD.replace("-", "_"), GOOD.replace("-", ""), GOOD.replace("-", "--", 1)),
        *(GOOD.replace("1000-", "+100-"), GOOD.replace("1000-", "-100-"), GOOD.replace("003-", "3.0-")),
        *(GOOD.replace("1000-", "100\u0661-"), GOOD.replace("003-", "00\u00b3-"), GOOD.replace("0123", "\uff10123")),
        *(GOOD.replace("002-", "+02-"), GOOD.replace("000001-", "00000x-"), GOOD.replace("1000-", " 100-")),
        *(GOOD.replace("003-", "0003-"), GOOD.replace("003-", "03-"), GOOD.replace("-000001", "")),
        *(GOOD[:place] + "0" + GOOD[place + 1 :] for place, letter in enumerate(GOOD) if letter == "-"),
    ],
)
def test_only_names_of_exactly_this_form_count(text: str) -> None:
    assert Name.parse(GOOD) == GOOD
    assert Name.parse(text) is None


@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 3), (2, 0), (2, 1), (4, 3)])
def test_rows_in_no_order_are_no_name(first: int, last: int) -> None:
    assert Name.parse(str(Name.of(Bookmark(1000, last), first, "0" * 16))) is None


def test_the_name_of_another_schema_version_is_a_name_and_says_so() -> None:
    foreign = Name.parse(str(Name.of(Bookmark(1000, 3), 1, "0" * 16, MODEL.schema_version + 1)))
    assert foreign is not None
    assert foreign.schema == MODEL.schema_version + 1
