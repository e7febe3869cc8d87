"""The `model` field of answers: the name that the fleet gave the model, not the engine's file name.

Clients send the fleet's names and compare what comes back. Only this one field is touched, and only
where the engine wrote another name.
"""

from __future__ import annotations

import msgspec

from zeta_router.gateway.answer.splice import with_model
from zeta_router.gateway.reading.body import UNREADABLE


class _Named(msgspec.Struct, gc=False):
    model: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Named).decode


def rename_whole(body: bytes, served: str) -> bytes:
    """A JSON answer with `served` as its model; anything else unchanged."""
    try:
        written = _decode(body).model
    except UNREADABLE:
        return body
    if isinstance(written, msgspec.UnsetType):
        return body
    name = bytes(written)
    if not name.startswith(b'"') or name == msgspec.json.encode(served):
        return body
    return with_model(body, written, served)


Names = tuple[tuple[bytes, bytes], tuple[bytes, bytes]]
"""What to replace by what in a stream, written without and with a space."""


def names_between(written: str | None, served: str) -> Names | None:
    """How to rename where the engine writes `written`; None where there is nothing to do."""
    if written is None or written == served:
        return None
    theirs, ours = msgspec.json.encode(written), msgspec.json.encode(served)
    tight, wide = b'"model":', b'"model": '
    return (tight + theirs, tight + ours), (wide + theirs, wide + ours)


def rename_chunk(chunk: bytes, names: Names) -> bytes:
    """A piece of a stream with the fleet's name in place of the one that the engine writes.

    A name that is cut by a chunk's border stays as it is: buffering the stream for it would cost
    every token its latency.
    """
    tight, wide = names
    return chunk.replace(*tight).replace(*wide)
