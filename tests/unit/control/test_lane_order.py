"""Who is served next: lanes, tenants, value density, ageing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zeta_router.control.fairness import TenantCounters
from zeta_router.control.lane_order import AGEING_S, ageing, in_turn, lane_of, value_density
from zeta_router.control.queue import Entry, WaitingLine
from zeta_router.core.query import Lane

NOW_S = 100.0


def entry(id_: str, density: float = 1.0, waited_s: float = 0.0, **more: object) -> Entry[str]:
    """An entry that has waited so long of 1,000 s."""
    since_s = NOW_S - waited_s
    given = {"lane": Lane.NORMAL, "deadline_s": since_s + 1000.0} | more
    return Entry(id_, item=id_, since_s=since_s, density=density, **given)  # type: ignore[arg-type]


def order(*entries: Entry[str], tenants: TenantCounters | None = None) -> list[str]:
    return [one.query_id for one in in_turn(entries, tenants or TenantCounters(), NOW_S, 99)]


def test_the_densest_goes_first() -> None:
    assert order(entry("long", 0.5), entry("short", 5.0), entry("middle", 2.0)) == [
        "short",
        "middle",
        "long",
    ]


def test_waiting_makes_up_for_length() -> None:
    patient = entry("patient", 1.0, waited_s=2.0 * AGEING_S)
    assert ageing(patient, NOW_S) == 3.0
    assert order(entry("fresh", 2.9), patient) == ["patient", "fresh"]
    assert order(entry("fresh", 3.1), patient) == ["fresh", "patient"]


def test_without_scores_it_is_first_come_first_served() -> None:
    assert order(*[entry(str(i), 0.0, waited_s=9.0 - i) for i in range(5)]) == list("01234")


def test_equal_claims_keep_their_order() -> None:
    assert order(entry("a"), entry("b"), entry("c")) == ["a", "b", "c"]


def test_half_of_its_patience_lifts_an_entry_by_one_lane() -> None:
    bulk = Entry("b", Lane.BATCH, deadline_s=30.0, item="b", since_s=10.0)
    assert lane_of(bulk, 19.9) is Lane.BATCH
    assert lane_of(bulk, 20.0) is Lane.NORMAL
    first = Entry("i", Lane.INTERACTIVE, deadline_s=30.0, item="i", since_s=10.0)
    assert lane_of(first, 29.0) is Lane.INTERACTIVE


def test_the_tenant_that_had_least_goes_first_and_its_turn_passes_with_the_work() -> None:
    tenants = TenantCounters()
    for tenant in ("hog", "small"):
        tenants.enter(tenant)
    tenants.charge("hog", 5.0)
    entries = [entry(f"h{i}", 9.0, tenant="hog") for i in range(3)]
    entries += [entry(f"s{i}", 1.0, tenant="small") for i in range(3)]
    served = []
    for one in in_turn(entries, tenants, NOW_S, 99):
        served.append(one.query_id)
        tenants.charge(one.tenant, 4.0)
    assert served == ["s0", "s1", "h0", "s2", "h1", "h2"]


def test_a_tenant_that_cannot_be_placed_does_not_block_the_others() -> None:
    tenants = TenantCounters()
    for tenant in ("stuck", "other"):
        tenants.enter(tenant)
    tenants.charge("other", 50.0)
    entries = [entry(f"x{i}", tenant="stuck") for i in range(64)] + [entry("o", tenant="other")]
    asked = [one.query_id for one in in_turn(entries, tenants, NOW_S, 3)]
    assert asked == ["x0", "o", "x1"]


@pytest.mark.parametrize(("value", "work_s"), [(-1.0, 0.5), (0.0, 0.0), (-0.5, -3.0)])
def test_a_density_is_never_negative(value: float, work_s: float) -> None:
    assert value_density(value, work_s) == 0.0


def test_a_density_is_value_per_engine_second() -> None:
    assert value_density(0.5, 0.249) == pytest.approx(2.0)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 100.0), st.floats(0.0, 900.0), st.sampled_from("abc")),
        max_size=12,
    )
)
def test_everybody_is_asked_once_and_within_a_tenant_by_claim(
    given_: list[tuple[float, float, str]],
) -> None:
    entries = [entry(str(i), d, w, tenant=t) for i, (d, w, t) in enumerate(given_)]
    asked = list(in_turn(entries, TenantCounters(), NOW_S, 99))
    assert sorted(one.query_id for one in asked) == sorted(one.query_id for one in entries)
    for tenant in "abc":
        claims = [one.density * ageing(one, NOW_S) for one in asked if one.tenant == tenant]
        assert claims == sorted(claims, reverse=True)


@given(st.floats(1.0, 50.0), st.floats(0.5, 5.0))
def test_ageing_bounds_the_wait_behind_a_stream_of_denser_queries(
    ratio: float, every_s: float
) -> None:
    """One server, a denser query before each free slot: the thin one is served all the same.

    Those that come wait at most one round, so it is ahead once 1 + age / 10 s exceeds the ratio
    with one round of ageing.
    """
    line: WaitingLine[str] = WaitingLine(1000)
    thin = Entry("thin", Lane.NORMAL, 1e9, "thin", since_s=0.0, density=1.0)
    line.push(thin)
    bound_s = AGEING_S * (ratio * (1.0 + every_s / AGEING_S) - 1.0) + every_s
    now_s = 0.0
    while "thin" in line:
        line.push(Entry(f"{now_s}", Lane.NORMAL, 1e9, "", since_s=now_s, density=ratio))
        now_s += every_s
        line.remove(next(line.in_order(1, now_s)).query_id)
        assert now_s <= bound_s + every_s + 1e-6


@given(st.floats(1.0, 60.0))
def test_a_batch_query_is_not_starved_by_a_lane_above(patience_s: float) -> None:
    line: WaitingLine[str] = WaitingLine(1000)
    line.push(Entry("bulk", Lane.BATCH, patience_s, "", since_s=0.0, density=1e6))
    rounds = 20
    for number in range(rounds):
        now_s = patience_s * number / rounds
        line.push(Entry(f"n{number}", Lane.NORMAL, 1e9, "", since_s=now_s, density=1.0))
        served = next(line.in_order(1, now_s)).query_id
        line.remove(served)
        if served == "bulk":
            assert now_s >= 0.5 * patience_s * (1 - 1e-9)
            return
    raise AssertionError("never served")


def test_how_many_are_ahead() -> None:
    tenants = TenantCounters()
    line: WaitingLine[str] = WaitingLine(10, tenants)
    entries = [
        entry("top", 9.0),
        entry("own", 5.0),
        entry("low", 1.0),
        entry("first", 0.1, lane=Lane.INTERACTIVE),
        entry("bulk", 99.0, lane=Lane.BATCH),
    ]
    for one in entries:
        line.push(one)
    assert [line.ahead_of(one, NOW_S) for one in entries] == [1, 2, 3, 0, 4]
