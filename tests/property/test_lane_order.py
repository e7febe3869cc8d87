"""Tenants take turns as the plain rule says, however the order is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.fairness import TenantCounters
from zeta_router.control.lane_order import ageing, in_turn
from zeta_router.control.queue import Entry
from zeta_router.core.query import Lane

NOW_S = 5.0
entries = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([0.0, 1.0, 2.0]), st.floats(0.0, 4.0)),
    max_size=24,
)


def plain(
    given_: Sequence[Entry[int]], tenants: TenantCounters, at_most: int
) -> Iterator[Entry[int]]:
    """The tenant that was asked least in vain, then the one that has had least, then by name."""
    left = list(given_)
    asked = {entry.tenant: 0 for entry in left}
    for _ in range(min(at_most, len(left))):
        waiting = {entry.tenant for entry in left}
        tenant = min(waiting, key=lambda name: (asked[name], tenants.work_s(name), name))
        own = [entry for entry in left if entry.tenant == tenant]
        best = max(own, key=lambda entry: entry.density * ageing(entry, NOW_S))
        left.remove(best)
        had_s = tenants.work_s(tenant)
        yield best
        if tenants.work_s(tenant) == had_s:
            asked[tenant] += 1


@given(entries, st.lists(st.booleans(), min_size=24, max_size=24), st.integers(0, 30))
def test_in_turn(made: list[tuple[str, float, float]], placed: list[bool], at_most: int) -> None:
    line = [
        Entry(f"q{n}", Lane.NORMAL, 60.0, n, since_s, tenant, density)
        for n, (tenant, density, since_s) in enumerate(made)
    ]
    orders = []
    for rule in (
        lambda tenants: in_turn(line, tenants, NOW_S, at_most),
        lambda tenants: plain(line, tenants, at_most),
    ):
        tenants = TenantCounters()
        for name in "abcd":
            tenants.enter(name)
        order = []
        for number, entry in enumerate(rule(tenants)):
            order.append(entry.query_id)
            if placed[number % len(placed)]:
                tenants.charge(entry.tenant, 1.0 + entry.density)
        orders.append(order)
    assert orders[0] == orders[1]
