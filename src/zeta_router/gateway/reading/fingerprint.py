"""Whose request it is and what conversation asks it, as hashes: the words stay at the edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from zlib import crc32

from zeta_router.core.query import ADDRESS, Fingerprint

Piece = bytes | memoryview
_TENANT_CHARS = 64
_END_BYTES = 4096
"""Most that is hashed of a conversation, from its end; its length is hashed with it. Two that
differ only before that have different block hashes or are a page apart."""

_WORDS_BYTES = 512
_SMALLEST = 16
"""Hashes of words kept; enough to tell half of the words from a third of them."""


def tenant_of(headers: Mapping[str, str]) -> str:
    """Whose query it is: as stated, else by the API key, of which only a hash is kept."""
    stated = headers.get("x-zeta-tenant")
    if stated:
        return stated[:_TENANT_CHARS].encode("utf-8", "replace").decode()
    key = headers.get("authorization")
    return f"key-{_short(key)}" if key else ""


def asker_of(headers: Mapping[str, str], remote: str | None) -> str:
    """Whose judgement it is: the tenant's, else that of the address it comes from, as a hash."""
    return tenant_of(headers) or (_of_address(remote) if remote else "")


def fingerprint_of(
    before: Sequence[Piece], ask: Sequence[Piece], text: str, *, talk: bool
) -> Fingerprint:
    """The fingerprint of a conversation.

    Args:
        before: What was said before the question, in pieces; empty for the first question.
        ask: The question and what follows it, in pieces.
        text: The question's text, for its words.
        talk: Whether the conversation has a name: only then are its words compared.
    """
    return Fingerprint(
        _hash([*before, *ask]),
        _hash(before) if before else 0,
        smallest_words(text) if talk else (),
    )


def smallest_words(text: str) -> tuple[int, ...]:
    """The smallest hashes of a text's words, ascending. About 10 µs for 80 words."""
    words = set(text[:_WORDS_BYTES].lower().encode("utf-8", "replace").split())
    return tuple(sorted(map(crc32, words))[:_SMALLEST])


def _hash(pieces: Sequence[Piece]) -> int:
    """A number of 63 bits for the pieces taken as one text."""
    length = sum(map(len, pieces))
    end: list[bytes] = []
    missing = _END_BYTES
    for piece in reversed(pieces):
        end.append(bytes(piece[-missing:]))
        missing -= len(end[-1])
        if missing <= 0:
            break
    digest = blake2b(b"\x00".join(end), digest_size=8, salt=length.to_bytes(8, "little"))
    return int.from_bytes(digest.digest()) >> 1


@lru_cache(maxsize=4096)
def _of_address(remote: str) -> str:
    return f"{ADDRESS}{_short(remote)}"


def _short(secret: str) -> str:
    return blake2b(secret.encode("utf-8", "replace"), digest_size=4).hexdigest()
