"""Virtual token counters: nobody saves up, nobody falls behind for good."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control import fairness
from zeta_router.control.fairness import TenantCounters


def test_a_tenant_that_was_away_starts_level_with_the_least_of_the_active() -> None:
    tenants = TenantCounters()
    tenants.enter("a")
    tenants.charge("a", 100.0)
    tenants.enter("b")
    assert tenants.work_s("b") == 100.0
    tenants.charge("b", 1.0)
    tenants.leave("b")
    tenants.charge("a", 50.0)
    tenants.enter("b")
    assert tenants.work_s("b") == 150.0


def test_a_newcomer_at_a_quiet_moment_starts_level_with_the_last_that_left() -> None:
    tenants = TenantCounters()
    for tenant, work_s in (("a", 100.0), ("b", 30.0)):
        tenants.enter(tenant)
        tenants.charge(tenant, work_s)
        tenants.leave(tenant)
    tenants.enter("new")
    assert tenants.work_s("new") == tenants.work_s("b") == 130.0
    tenants.enter("a")
    assert tenants.active() == {"new": 130.0, "a": 130.0}


def test_being_away_does_not_lower_a_debt() -> None:
    tenants = TenantCounters()
    tenants.enter("a")
    tenants.enter("b")
    tenants.charge("a", 100.0)
    tenants.leave("a")
    tenants.enter("a")
    assert tenants.work_s("a") == 100.0
    assert tenants.active() == {"a": 100.0, "b": 0.0}


def test_one_leaves_once_per_query() -> None:
    tenants = TenantCounters()
    tenants.enter("a")
    tenants.enter("a")
    tenants.leave("a")
    assert "a" in tenants.active()
    tenants.leave("a")
    tenants.leave("a")
    assert tenants.active() == {}


def test_the_memory_is_bounded() -> None:
    tenants = TenantCounters()
    for number in range(fairness.REMEMBERED + 50):
        tenants.enter(str(number))
        tenants.leave(str(number))
    assert len(tenants._work_s) <= fairness.REMEMBERED + 1
    tenants.charge("never seen", 1.0)
    assert tenants.work_s("never seen") == 0.0


@given(
    st.dictionaries(st.sampled_from("abcd"), st.floats(0.1, 5.0), min_size=2),
    st.integers(10, 200),
)
def test_backlogged_tenants_stay_within_two_of_the_largest_queries(
    work_s: dict[str, float], rounds: int
) -> None:
    """The bound of the paper: least counter first keeps service within 2 x the largest query."""
    tenants = TenantCounters()
    for tenant in work_s:
        tenants.enter(tenant)
    for _ in range(rounds):
        least = min(work_s, key=lambda tenant: (tenants.work_s(tenant), tenant))
        tenants.charge(least, work_s[least])
    counters = [tenants.work_s(tenant) for tenant in work_s]
    assert max(counters) - min(counters) <= 2.0 * max(work_s.values()) + 1e-6
