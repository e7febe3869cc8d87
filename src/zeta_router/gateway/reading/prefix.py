"""What the beginning of a prompt is, without its text: chained hashes of its leading blocks.

Two prompts with the same first n hashes have the same first n blocks, so an engine that has read
the one has most of the other in its prefix cache. The bytes are hashed as they came (JSON strings,
still escaped): a client sends what was said before the same way each time.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from zeta_router.core.query import PREFIX_BLOCK_TOKENS

_CHARS_PER_TOKEN = 4
BLOCK_BYTES = PREFIX_BLOCK_TOKENS * _CHARS_PER_TOKEN
MOST_BLOCKS = 64
"""Blocks that are looked at: 131 kB; what differs later costs no more to read than it did."""


def prefix_hashes(pieces: Iterable[bytes]) -> tuple[int, ...]:
    """One number of 63 bits per full leading block of the pieces, taken as one text.

    Empty for prompts shorter than a block, which are cheap to read anywhere.
    """
    text = bytearray()
    for piece in pieces:
        text += piece
        if len(text) >= BLOCK_BYTES * MOST_BLOCKS:
            break
    if len(text) < BLOCK_BYTES:
        return ()
    hashes = []
    state = b""
    for start in range(0, min(len(text) // BLOCK_BYTES, MOST_BLOCKS) * BLOCK_BYTES, BLOCK_BYTES):
        state = blake2b(state + text[start : start + BLOCK_BYTES], digest_size=8).digest()
        hashes.append(int.from_bytes(state) >> 1)
    return tuple(hashes)
