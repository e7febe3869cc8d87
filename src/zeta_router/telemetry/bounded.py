"""A mapping that forgets its oldest entries by itself."""

from __future__ import annotations

from typing import Generic, TypeVar

Value = TypeVar("Value")


class Generations(Generic[Value]):
    """Keeps between `capacity` and twice that of the entries put last, in constant time.

    Two dictionaries instead of one ordered one: when the young one is full it becomes the old one
    and the previous old one is let go whole. Deleting single entries from the front of a `dict`
    costs more with every deletion, and `OrderedDict` costs twice the memory.
    """

    __slots__ = ("_capacity", "_old", "_young")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._young: dict[str, Value] = {}
        self._old: dict[str, Value] = {}

    def put(self, key: str, value: Value) -> None:
        """Remember `value`, replacing what was known under `key`."""
        young = self._young
        young[key] = value
        if len(young) >= self._capacity:
            self._old = young
            self._young = {}

    def get(self, key: str) -> Value | None:
        """The value put last under `key`; None when it was never put or is forgotten."""
        value = self._young.get(key)
        return value if value is not None else self._old.get(key)

    def pop(self, key: str) -> Value | None:
        """Like `get`, and forgets it."""
        value = self._young.pop(key, None)
        older = self._old.pop(key, None)
        return value if value is not None else older

    def __contains__(self, key: str) -> bool:
        return key in self._young or key in self._old

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())
