"""Where each conversation was served last.

Moving a conversation costs: the new endpoint has none of its prompt cached, and another model
answers in another voice. The policy weighs that cost against load; nothing is pinned.
"""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED = 10_000
"""Conversations, the least recently used forgotten first."""

KEPT_S = 1800.0
"""How long after its last turn a conversation still has a place: caches do not last longer."""


class Sessions:
    """The endpoint of each conversation, by tenant and session id."""

    def __init__(self) -> None:
        self._places: OrderedDict[tuple[str, str], tuple[str, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._places)

    def place(self, tenant: str, session_id: str, now_s: float) -> str:
        """Where it was served last; empty when unknown or too long ago."""
        if not session_id:
            return ""
        endpoint_id, at_s = self._places.get((tenant, session_id), ("", 0.0))
        return endpoint_id if now_s - at_s <= KEPT_S else ""

    def served(self, tenant: str, session_id: str, endpoint_id: str, now_s: float) -> None:
        """It is being served there."""
        if not session_id:
            return
        key = (tenant, session_id)
        self._places[key] = (endpoint_id, now_s)
        self._places.move_to_end(key)
        if len(self._places) > REMEMBERED:
            self._places.popitem(last=False)
