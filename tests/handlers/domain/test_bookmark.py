from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.bookmark import MAX_EPOCH, MAX_SEQ, NOTHING, Bookmark

bookmarks = st.builds(Bookmark, st.integers(0, MAX_EPOCH), st.integers(0, MAX_SEQ))


@given(bookmarks)
def test_a_bookmark_survives_its_text(bookmark: Bookmark) -> None:
    again = Bookmark.parse(str(bookmark))
    assert again == bookmark
    assert (again.epoch, again.seq) == (bookmark.epoch, bookmark.seq)


@given(bookmarks, bookmarks)
def test_a_later_epoch_is_greater_whatever_the_seq(one: Bookmark, other: Bookmark) -> None:
    assert (one < other) == ((one.epoch, one.seq) < (other.epoch, other.seq))
    assert one >= NOTHING


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "1", "1.", ".1", "1.2.3", "1,2", "-1.2", "1.-2", "+1.2", "01.2", "1.02", "1.2 ", " 1.2", "1 .2"),
        *("1_0.2", "a.b", "0x1.2", "1e3.2", "\u0661.2", "1.\u00b2", "1.\uff12", "1.2\n", "NaN.1"),
        *(f"{MAX_EPOCH + 1}.0", f"0.{MAX_SEQ + 1}", "9" * 5000 + ".1", "1." + "9" * 5000),
    ],
)
def test_anything_else_is_no_bookmark(text: str) -> None:
    with pytest.raises(ValueError, match="not a bookmark"):
        Bookmark.parse(text)


def test_the_greatest_bookmark_is_one() -> None:
    assert Bookmark.parse(f"{MAX_EPOCH}.{MAX_SEQ}") == (MAX_EPOCH, MAX_SEQ)
