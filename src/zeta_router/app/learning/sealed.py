"""Learned state as bytes that tell whether they are whole.

JSON, because it outlives versions and can be looked at; compressed, because it is written every
second; with a checksum, because SQLite has none and a flipped bit in a number is still a number.
"""

from __future__ import annotations

import zlib
from typing import Any

import msgspec

LAYOUT = 1
"""Layout of the bytes; the layout of what is in them is each head's own affair."""

_CHECKSUM_BYTES = 4
_LEVEL = 1


class BrokenSealError(ValueError):
    """The bytes are not what was sealed."""


def packed(value: Any) -> bytes:
    """Plain values as JSON; equal values give equal bytes. NaN and infinity become null."""
    return msgspec.json.encode(value)


def sealed(json: bytes) -> bytes:
    """What `packed` gave, compressed and with its checksum before it."""
    return zlib.crc32(json).to_bytes(_CHECKSUM_BYTES, "big") + zlib.compress(json, _LEVEL)


def unsealed(blob: bytes) -> bytes:
    """What was given to `sealed`.

    Raises:
        BrokenSealError: Something in `blob` is not as it was.
    """
    try:
        json = zlib.decompress(blob[_CHECKSUM_BYTES:])
    except zlib.error as error:
        raise BrokenSealError(f"it cannot be unpacked: {error}") from error
    if zlib.crc32(json) != int.from_bytes(blob[:_CHECKSUM_BYTES], "big"):
        raise BrokenSealError("its checksum does not fit")
    return json


def unpacked(json: bytes) -> Any:
    """What was given to `packed`.

    Raises:
        BrokenSealError: It is not JSON.
    """
    try:
        return msgspec.json.decode(json)
    except msgspec.DecodeError as error:
        raise BrokenSealError(str(error)) from error
