from __future__ import annotations

import random
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from handlers.domain.hashes import HASH_MODULUS, content_hash, hash_text, short_hash

rows = st.lists(st.text(max_size=20), max_size=20).map(lambda texts: list(enumerate(texts, 1)))


def hash_of(pairs: list[tuple[int, str]], known: int = 0) -> int:
    return content_hash(known, [seq for seq, _ in pairs], [text for _, text in pairs])


@given(rows, st.randoms(use_true_random=False), st.integers(0, 20))
def test_the_content_hash_does_not_depend_on_order_or_on_how_rows_came_in(
    pairs: list[tuple[int, str]], generator: random.Random, cut: int
) -> None:
    shuffled = pairs[:]
    generator.shuffle(shuffled)
    assert hash_of(shuffled) == hash_of(pairs)
    assert hash_of(pairs[cut:], hash_of(pairs[:cut])) == hash_of(pairs)


def test_the_content_hash_is_the_sum_that_the_design_says() -> None:
    def one(line: bytes) -> int:
        return int.from_bytes(blake2b(line, digest_size=16).digest(), "big")

    assert hash_of([(1, "a"), (2, "b")]) == (one(b"1\na") + one(b"2\nb")) % HASH_MODULUS
    assert 0 <= hash_of([(seq, "x") for seq in range(100)]) < HASH_MODULUS


def test_a_changed_missing_doubled_or_moved_row_changes_the_hash() -> None:
    whole = hash_of([(1, "a"), (2, "b")])
    others = [[(1, "a")], [(1, "a"), (2, "c")], [(1, "b"), (2, "a")], [(1, "a"), (2, "b"), (2, "b")], []]
    assert len({whole, *(hash_of(other) for other in others)}) == 6


def test_the_texts_of_hashes_have_a_fixed_length() -> None:
    assert hash_text(1) == "0" * 31 + "1"
    assert hash_text(HASH_MODULUS - 1) == "f" * 32
    assert len(short_hash(b"x").hexdigest()) == len(short_hash(b"").hexdigest()) == 16
    assert short_hash(b"x").digest() != short_hash(b"y").digest()
