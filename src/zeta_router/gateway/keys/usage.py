"""What one key has used of what it may use."""

from __future__ import annotations

from zeta_router.core.bucket import Bucket
from zeta_router.gateway.keys.key import Key

MINUTE_S = 60.0
DAY_S = 86_400.0
BURST_S = 10.0
"""Requests of so many seconds may come at once."""


class Usage:
    """One key at work.

    Tokens are known when an answer is complete, so a day's are refused once they are spent: those
    under way then may go beyond, by as much as they are.

    Attributes:
        key: The key as configured.
        open_queries: Its queries under way.
    """

    def __init__(self, key: Key, now_s: float) -> None:
        self.key = key
        self.open_queries = 0
        self._requests: Bucket | None = None
        self._tokens: Bucket | None = None
        if key.requests_per_min is not None:
            per_s = key.requests_per_min / MINUTE_S
            self._requests = Bucket(max(1.0, per_s * BURST_S), per_s, now_s)
        if key.tokens_per_day is not None:
            self._tokens = Bucket(key.tokens_per_day, key.tokens_per_day / DAY_S, now_s)

    def why_not(self, now_s: float) -> tuple[str, float] | None:
        """What forbids another query, and in how many seconds it may be asked; None if nothing."""
        key = self.key
        if key.concurrent is not None and self.open_queries >= key.concurrent:
            return f"the key {key.name!r} has {self.open_queries} requests under way already", 1.0
        if self._requests is not None and (wait_s := self._requests.wait_s(1.0, now_s)) > 0.0:
            return f"the key {key.name!r} may ask {key.requests_per_min:g} times a minute", wait_s
        if self._tokens is not None and (wait_s := self._tokens.wait_s(1.0, now_s)) > 0.0:
            return f"the key {key.name!r} has spent its {key.tokens_per_day} tokens a day", wait_s
        return None

    def begin(self, now_s: float) -> None:
        """A query was let in."""
        self.open_queries += 1
        if self._requests is not None:
            self._requests.take(1.0, now_s)

    def end(self) -> None:
        """A query is over."""
        self.open_queries = max(0, self.open_queries - 1)  # it may have been taken out meanwhile

    def spend(self, tokens: float, now_s: float) -> None:
        """An answer took so many tokens, read and written; less than none gives none back."""
        if self._tokens is not None:
            self._tokens.take(max(0.0, tokens), now_s)

    def take_over(self, older: Usage, now_s: float) -> None:
        """Go on from what the key had used under an earlier configuration, and regained since."""
        self.open_queries = older.open_queries
        for mine, theirs in ((self._requests, older._requests), (self._tokens, older._tokens)):
            if mine is not None and theirs is not None:
                theirs.take(0.0, now_s)  # a bucket fills when it is used
                mine.left = min(mine.most, mine.most * theirs.left / theirs.most)
