"""Virtual token counters: how much each tenant has had, so that the least served goes first.

A counter rises by the engine-seconds that a tenant's queries take. A tenant that was away is lifted
to the least counter of those that are active, so that nobody saves up a claim by staying silent;
where nobody is active, to the counter of the last one that left, so that a newcomer at a quiet
moment does not go before all that have been here for long.
Two tenants that both keep waiting are then served within twice one query's work of each other.

Source: Sheng et al., "Fairness in serving large language models" (OSDI 2024); engine-seconds in the
place of weighted tokens, because models differ in what a token costs.
"""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED = 10_000
"""Tenants that are away and still have a counter."""


class TenantCounters:
    """Engine-seconds per tenant, comparable between those that are active."""

    def __init__(self) -> None:
        self._work_s: OrderedDict[str, float] = OrderedDict()
        self._open: dict[str, int] = {}
        self._last_gone = ""

    def enter(self, tenant: str) -> None:
        """A query of the tenant came in."""
        before = self._open.get(tenant, 0)
        if before == 0:
            last_s = self.work_s(self._last_gone)
            least_s = min((self._work_s[key] for key in self._open), default=last_s)
            self._work_s[tenant] = max(self._work_s.get(tenant, 0.0), least_s)
            self._work_s.move_to_end(tenant)
            while len(self._work_s) > REMEMBERED + len(self._open):
                self._forget_oldest()
        self._open[tenant] = before + 1

    def leave(self, tenant: str) -> None:
        """One of its queries ended, however it ended."""
        left = self._open.get(tenant, 0) - 1
        if left > 0:
            self._open[tenant] = left
        elif self._open.pop(tenant, None) is not None:
            self._last_gone = tenant

    def charge(self, tenant: str, work_s: float) -> None:
        """Account for engine-seconds dispatched, or given back (negative)."""
        if tenant in self._work_s:
            self._work_s[tenant] += work_s

    def work_s(self, tenant: str) -> float:
        """The counter of a tenant; 0 for one that was never seen."""
        return self._work_s.get(tenant, 0.0)

    def active(self) -> dict[str, float]:
        """The counters of the tenants with a query on its way."""
        return {tenant: self._work_s[tenant] for tenant in self._open}

    def _forget_oldest(self) -> None:
        for tenant in self._work_s:
            if tenant not in self._open:
                del self._work_s[tenant]
                return
