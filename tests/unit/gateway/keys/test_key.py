"""Keys, and what is kept of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.gateway.keys.key import PREFIX, Key, digest_from, digest_of, hash_of, new_key


def test_no_two_keys_are_the_same_and_none_can_be_guessed() -> None:
    keys = {new_key() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(key.startswith(PREFIX) and len(key) >= len(PREFIX) + 43 for key in keys)


@given(st.text(max_size=100))
def test_a_hash_is_read_back(key: str) -> None:
    assert digest_from(hash_of(key)) == digest_of(key)


def test_a_hash_is_that_of_any_tool() -> None:
    assert hash_of("abc") == (
        "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.mark.parametrize("text", ["", "abc", "sha256:", "sha256:" + "G" * 64, "md5:" + "a" * 32])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        digest_from(text)


def test_a_key_does_not_show_itself() -> None:
    assert "abc" not in repr(Key("alice", digest_of("abc")))
