"""Whether an engine has lost queries: by its own count it has no work, by ours it has.

An engine behind a proxy that hangs, or one whose worker has died, answers every poll and no query.
How long a query may take says so only after many seconds, because some take long. The engine's own
count says so sooner, if it is one to be believed: it must have shown work of ours before, and deny
it in every poll. A poll that does not tell denies nothing: an engine in the midst of a long prompt
often cannot be asked, and the poll before it may have come a moment too early to see the query.
"""

from __future__ import annotations

from math import inf

LOST_S = 6.0
"""How long polls in a row have to deny a query. Some engines renew their counts only every few
dozen steps of decoding, which is seconds on a slow one."""


class Swallowed:
    """Compares the polls of one endpoint with what is on it by our count."""

    __slots__ = ("_believed", "_denied_since_s", "_denied_until_s")

    def __init__(self) -> None:
        self._believed = False
        self._denied_since_s: float | None = None
        self._denied_until_s = -inf

    def on_count(self, at_s: float, counted: int, ours: int) -> None:
        """A poll: how many queries the engine runs or holds, and how many of ours there are."""
        if counted > 0:
            self._believed = self._believed or ours > 0
            self._denied_since_s = None
        elif ours == 0:
            self._denied_since_s = None
        else:
            if self._denied_since_s is None:
                self._denied_since_s = at_s
            self._denied_until_s = at_s

    def on_silence(self) -> None:
        """A poll that did not tell how many queries the engine has."""
        self._denied_since_s = None

    def denies(self, now_s: float, since_s: float) -> bool:
        """Whether every poll has denied, for long enough, a query that waits since `since_s`."""
        if not self._believed or self._denied_since_s is None:
            return False
        until_s = min(now_s, self._denied_until_s)
        return until_s - max(self._denied_since_s, since_s) >= LOST_S
