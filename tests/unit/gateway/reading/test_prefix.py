"""Hashes of a prompt's leading blocks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.gateway.reading.prefix import BLOCK_BYTES, MOST_BLOCKS, prefix_hashes

BLOCK = b"x" * BLOCK_BYTES


def common(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    """How many leading hashes are the same."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))


def test_short_prompts_have_none() -> None:
    assert prefix_hashes([]) == ()
    assert prefix_hashes([BLOCK[1:]]) == ()


def test_a_longer_conversation_begins_with_the_shorter_ones_hashes() -> None:
    first = [b"system" * 1000, b"question"]
    second = [*first, b"answer" * 500, b"another question" * 200]
    assert prefix_hashes(second)[: len(prefix_hashes(first))] == prefix_hashes(first)
    assert len(prefix_hashes(second)) > len(prefix_hashes(first))


def test_a_difference_changes_its_block_and_all_that_follow() -> None:
    one = prefix_hashes([BLOCK, BLOCK, BLOCK])
    other = prefix_hashes([BLOCK, b"y" + BLOCK[1:], BLOCK])
    assert common(one, other) == 1
    assert one[2] != other[2]


def test_only_the_beginning_of_a_huge_prompt_is_read() -> None:
    assert len(prefix_hashes([BLOCK] * (MOST_BLOCKS + 10))) == MOST_BLOCKS


@given(st.lists(st.binary(max_size=5000), max_size=6))
def test_where_the_pieces_are_cut_changes_nothing(pieces: list[bytes]) -> None:
    whole = prefix_hashes([b"".join(pieces)])
    assert prefix_hashes(pieces) == whole
    assert all(0 <= value < 2**63 for value in whole)
