from typing import Any

import pytest

from zeta_router.sim.report.recovery import course, level, recovered_after_s


def row(worth: list[float], arrivals: int = 10, **tenants: list[float]) -> dict[str, Any]:
    """A row whose arrivals of each ten seconds were worth this much on average."""
    return {
        "timeline": {
            "bucket_s": 10.0,
            "arrivals": [arrivals] * len(worth),
            "value": [each * arrivals for each in worth],
            "tenants": {
                name: {"arrivals": [1] * len(each), "value": each} for name, each in tenants.items()
            },
        }
    }


CALM = [0.6] * 60


def test_a_course_pools_seeds_by_their_arrivals() -> None:
    seen = course([row([0.2, 0.4], 30), row([0.6, 0.8], 10)], window_s=10.0)
    assert seen.at_s == (5.0, 15.0)
    assert seen.value == pytest.approx((0.3, 0.5))


def test_windows_overlap_and_end_with_the_last_arrival() -> None:
    quiet_end = row([0.1, 0.2, 0.3, 0.4, 0.0])
    quiet_end["timeline"]["arrivals"][-1] = 0
    seen = course([quiet_end], window_s=30.0)
    assert seen.at_s == (15.0, 25.0)
    assert seen.value == pytest.approx((0.2, 0.3))


def test_runs_of_different_length_are_pooled_too() -> None:
    assert course([row([0.5, 0.5]), row([0.5])], window_s=10.0).value == (0.5, 0.5)


def test_a_window_without_arrivals_has_no_value() -> None:
    gap = row([0.5, 0.0, 0.5])
    gap["timeline"]["arrivals"][1] = 0
    assert course([gap], window_s=10.0).value == (0.5, None, 0.5)
    assert level([gap], 10.0, 20.0) is None


def test_a_tenant_is_looked_at_alone() -> None:
    seen = row([0.5, 0.5], polite=[1.0, 0.0], hog=[0.0, 0.0])
    assert level([seen], tenants=["polite"]) == 0.5
    assert level([seen], 0.0, 10.0, tenants=["polite", "hog"]) == 0.5
    assert course([seen], window_s=10.0, tenants=["hog"]).value == (0.0, 0.0)


def test_what_never_fell_has_recovered_at_once() -> None:
    assert recovered_after_s([row(CALM)], [row(CALM)], 100.0) == 0.0
    assert recovered_after_s([row(CALM)], 0.64, 100.0) == 0.0


def test_a_dip_is_over_when_windows_without_it_begin() -> None:
    dip = [*CALM[:10], *[0.1] * 7, *CALM[17:]]
    assert recovered_after_s([row(dip)], [row(CALM)], 100.0) == 70.0
    assert recovered_after_s([row(dip)], [row(CALM)], 170.0) == 0.0


def test_what_stays_below_has_not_recovered() -> None:
    lower = [*CALM[:10], *[0.5] * 50]
    assert recovered_after_s([row(lower)], [row(CALM)], 100.0) is None
    assert recovered_after_s([row(lower)], [row(CALM)], 100.0, within=0.11) == 0.0


def test_a_moment_of_luck_is_no_recovery() -> None:
    relapse = [*CALM[:10], *[0.1] * 10, *[0.6] * 6, *[0.1] * 34]
    assert recovered_after_s([row(relapse)], [row(CALM)], 100.0) is None


def test_the_yardstick_moves_with_the_traffic() -> None:
    drifting = [0.6 - 0.005 * index for index in range(60)]
    assert recovered_after_s([row(drifting)], [row(drifting)], 100.0) == 0.0
    assert recovered_after_s([row(drifting)], 0.6, 100.0) is None
