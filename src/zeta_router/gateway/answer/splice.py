"""Exchanging the model's name in a JSON object, every other byte as it came.

Decoding and encoding anew would lose what JSON libraries lose: duplicate keys, escapes, spaces,
digits. So the name is cut out where it stands.
"""

from __future__ import annotations

import msgspec
import numpy as np

_SEARCHED_BYTES = 4096
"""Longest object that is searched for the name's place. Mostly the name stands in it once, and that
takes 2 µs; in longer ones it would take more than to ask for the address."""


def with_model(raw: bytes, written: msgspec.Raw | msgspec.UnsetType, model: str) -> bytes:
    """The object with another model's name, or with one where it has none.

    Args:
        raw: A valid JSON object.
        written: The value of its `model` as decoded from these very bytes; unset when it has none.
            Where the key stands twice this is the last, which is the one that readers take.
        model: The name to write.
    """
    name = msgspec.json.encode(model)
    if isinstance(written, msgspec.UnsetType):
        start = raw.index(b"{") + 1
        comma = b"" if raw[start:].lstrip().startswith(b"}") else b","
        return b"".join([raw[:start], b'"model":', name, comma, raw[start:]])
    start = _place(raw, written)
    stop = start + len(memoryview(written))
    return b"".join([raw[:start], name, raw[stop:]])


def _place(raw: bytes, written: msgspec.Raw) -> int:
    """Where `written` stands in `raw`.

    A `msgspec.Raw` is a view into the bytes that were decoded, so its address tells its place. That
    takes about 10 µs at any length.
    """
    if len(raw) <= _SEARCHED_BYTES:
        name = bytes(written)
        first = raw.find(name)
        if first >= 0 and raw.find(name, first + 1) < 0:
            return first
    place = _address(memoryview(written)) - _address(raw)
    if not 0 <= place < len(raw):
        raise ValueError("`written` was not decoded from `raw`")
    return place


def _address(data: bytes | memoryview) -> int:
    address: int = np.frombuffer(data, np.uint8).__array_interface__["data"][0]
    return address
