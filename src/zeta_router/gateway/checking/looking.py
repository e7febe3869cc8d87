"""Looking at answers when nobody waits for them any more, and never for long.

A look happens after the answer's last byte was handed to the socket. Looks take a twentieth of the
time at most: after one that took a millisecond there is none for 19 ms, and the answers of that
time go unseen. That an answer was not looked at teaches nothing, so it may happen at any time.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from zeta_router.core.query import Query
from zeta_router.gateway.checking.checks import checks_of, form_of, is_looked_at
from zeta_router.gateway.checking.kept_text import Kept
from zeta_router.gateway.driver import RouterDriver
from zeta_router.router.events import Checked

SHARE = 0.05
"""Part of the time that looks may take."""

_LOG = logging.getLogger("zeta_router.gateway")


class Looking:
    """Judges answers by what can be told without a judge, and tells the router."""

    def __init__(self, driver: RouterDriver) -> None:
        self._driver = driver
        self._next_at_s = 0.0
        self.unseen = 0

    def later(
        self, query: Query, raw: bytes, kept: Callable[[], Kept], finish_reason: str | None
    ) -> None:
        """Look at an answer once everything that is ready to run has run.

        Args:
            query: What was asked.
            raw: The body that asked it.
            kept: Gives what was kept of the answer.
            finish_reason: As the engine put it.
        """
        if is_looked_at(query.operation):
            loop = asyncio.get_running_loop()
            loop.call_soon(self._look, query, raw, kept, finish_reason)

    def _look(
        self, query: Query, raw: bytes, kept: Callable[[], Kept], finish_reason: str | None
    ) -> None:
        clock = self._driver.clock
        began_s = clock()
        if began_s < self._next_at_s:
            self.unseen += 1
            return
        try:
            checks = checks_of(kept(), form_of(raw), query, finish_reason)
        except Exception:
            _LOG.exception("a bug in looking at an answer; it goes unseen")
            return
        self._driver.submit(Checked(clock(), query.id, checks))
        self._next_at_s = clock() + (clock() - began_s) * (1.0 / SHARE - 1.0)
