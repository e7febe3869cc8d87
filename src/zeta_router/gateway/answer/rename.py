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


def rename_chunk(chunk: bytes, written: str | None, served: str) -> bytes:
    """A piece of a stream with `served` in place of the name that the engine writes.

    A name that is cut by a chunk's border stays as it is: buffering the stream for it would cost
    every token its latency.
    """
    if written is None or written == served:
        return chunk
    theirs, ours = msgspec.json.encode(written), msgspec.json.encode(served)
    renamed = chunk.replace(b'"model":' + theirs, b'"model":' + ours)
    return renamed.replace(b'"model": ' + theirs, b'"model": ' + ours)
