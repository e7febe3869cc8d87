"""An endpoint that goes on saying that it is full, with nothing to do, is asked by us alone."""

from __future__ import annotations

from support.bench import BUSY, OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import Limits
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Health
from zeta_router.router.endpoint.watch import MOST_REFUSALS, REFUSES
from zeta_router.router.events import Sampled

ENDS = (endpoint("bad", "coder"), endpoint("good", "coder"))


def pair() -> Bench:
    return Bench(fleet(*ENDS, policy="round_robin", limits=Limits(50, 60.0, 2)))


def asked(
    bench: Bench, seconds: float, refuses: bool = True, per_s: float = 1.5
) -> tuple[int, int]:
    """Queries in so many seconds, and how many of them went to the refusing endpoint first."""
    until_s, count, bad = bench.now_s + seconds, 0, 0
    while bench.now_s < until_s:
        name = f"q{bench.now_s:.3f}"
        count += 1
        if bench.arrive(query(name, at_s=bench.now_s)) == "bad":
            bad += 1
            bench.finish(name, BUSY if refuses else OK)
        if name in bench.running:
            bench.finish(name)
        bench.advance(bench.now_s + 1.0 / per_s)
        while any(probe.by is not None for probe in bench.probes):
            bench.probe("bad", alive=not refuses)
            bench.probes.clear()
    return count, bad


def health(bench: Bench) -> Health:
    views = bench.router.snapshot(bench.now_s).views
    return next(view.health for view in views if view.endpoint.id == "bad")


def test_after_a_few_refusals_hardly_any_query_goes_there() -> None:
    bench = pair()
    _, first = asked(bench, 20.0)
    assert first <= MOST_REFUSALS
    assert health(bench) is Health.EJECTED
    assert bench.router.vitals(bench.now_s)["bad"].findings[0].text.count(REFUSES) == 1
    count, bad = asked(bench, 200.0)
    assert bad <= 0.02 * count


def test_it_is_back_soon_after_it_can_work_again() -> None:
    bench = pair()
    asked(bench, 30.0)
    asked(bench, 15.0, refuses=False)
    assert health(bench) is Health.UP
    _, served = asked(bench, 10.0, refuses=False)
    assert served > 3


def test_one_that_is_full_of_others_work_is_only_paused() -> None:
    bench = pair()
    generation = bench.router.snapshot(0.0).views[0].generation
    for step in range(200):
        bench.now_s = 0.5 * step
        running = Signal(2.0, bench.now_s, "running")
        bench.send(Sampled(bench.now_s, "bad", generation, EngineSample(running=running)))
        name = f"q{step}"
        if bench.arrive(query(name, at_s=bench.now_s)) == "bad":
            bench.finish(name, BUSY)
        if name in bench.running:
            bench.finish(name)
    assert health(bench) is Health.UP


def test_a_good_answer_starts_the_count_anew() -> None:
    bench = pair()
    for _ in range(5):
        for _ in range(MOST_REFUSALS - 1):
            asked_until_bad(bench, BUSY)
        asked_until_bad(bench, OK)
    assert health(bench) is Health.UP


def asked_until_bad(bench: Bench, outcome: object) -> None:
    """Let time pass until a query goes to the endpoint, and end it so."""
    for _ in range(200):
        name = f"r{bench.now_s:.3f}"
        place = bench.arrive(query(name, at_s=bench.now_s))
        bench.finish(name, outcome if place == "bad" else OK)  # type: ignore[arg-type]
        if name in bench.running:
            bench.finish(name)
        bench.advance(bench.now_s + 0.25)
        if place == "bad":
            return
    raise AssertionError("it is never asked")
