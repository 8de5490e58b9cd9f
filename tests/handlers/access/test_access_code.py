from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from handlers.access.access_code import ALPHABET, CHARACTERS, grouped, new_access_code, plain

CODES = st.text(st.sampled_from(ALPHABET), min_size=CHARACTERS, max_size=CHARACTERS)


def test_a_code_has_sixteen_characters_of_its_alphabet_and_is_another_each_time() -> None:
    codes = {new_access_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(re.fullmatch(f"[{ALPHABET}]{{16}}", code) for code in codes)


def test_no_two_characters_look_alike() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET)
    assert set("0O1ILU").isdisjoint(ALPHABET)
    assert len(ALPHABET) ** CHARACTERS > 2**78


def test_it_is_shown_in_groups_of_four() -> None:
    assert grouped("7K3M9QXTWB4H2RFD") == "7K3M-9QXT-WB4H-2RFD"


@given(code=CODES, between=st.lists(st.sampled_from([*"- \t\n\u00a0\u2009\u2011\u2013", ""]), min_size=16, max_size=16))
def test_case_spaces_and_dashes_do_not_matter(code: str, between: list[str]) -> None:
    typed = "".join(character + gap for character, gap in zip(code.lower(), between, strict=True))
    assert plain(typed) == plain(f" {grouped(code)} ") == code


@given(entered=st.text(max_size=64))
def test_whatever_is_entered_has_one_plain_form(entered: str) -> None:
    assert plain(plain(entered)) == plain(entered)
