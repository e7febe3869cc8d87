"""The view that is kept between changes against one made from nothing."""

from __future__ import annotations

from random import Random

import pytest

from support.bench import BUSY, OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import DEFAULT_SLOTS
from zeta_router.core.query import Task, TopicShare
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.router.endpoint.state import PRICE_STEP_S
from zeta_router.router.events import ConfigChanged, Progress, Sampled


@pytest.mark.parametrize("seed", range(5))
def test_a_kept_view_and_its_outlook_are_what_a_new_one_would_be(seed: int) -> None:
    """Only the price may be older, by less than its step."""
    draw = Random(seed)
    bench = Bench(fleet(endpoint("c1", "coder", 4), endpoint("c2", "coder", 4), policy="joint"))
    states = bench.router._fleet.endpoints
    for number in range(300):
        bench.advance(bench.now_s + draw.choice([0.0, 0.01, 0.06, 1.0, 6.0]))
        happen(bench, draw, number)
        for state in states.values():
            kept = state.view(bench.now_s)
            outlook, viewed_at_s = state.outlook, state.viewed_at_s
            state.touch()
            fresh = state.view(bench.now_s)
            assert kept._replace(price=0.0) == fresh._replace(price=0.0)
            assert outlook == state.outlook
            assert kept.price == state.price.at(viewed_at_s)
            assert kept.price == fresh.price or bench.now_s - viewed_at_s < PRICE_STEP_S


def happen(bench: Bench, draw: Random, number: int) -> None:
    """A query arrives, starts or ends, or an engine is polled."""
    kind = draw.randrange(4)
    running = list(bench.running)
    if kind == 0:
        bench.arrive(query(f"q{number}", Task.CODE, bench.now_s, prompt_tokens=500))
    elif kind == 1 and running:
        bench.first_token(draw.choice(running))
    elif kind == 2 and running:
        bench.finish(draw.choice(running), draw.choice([OK, OK, OK, BUSY]))
    else:
        at_s = bench.now_s
        for seen, generation in bench.router.watched():
            sample = EngineSample(running=Signal(draw.randrange(6), at_s, "test"))
            bench.send(Sampled(at_s, seen.id, generation, sample))


def test_an_engine_is_taken_for_as_wide_as_it_is() -> None:
    """A wrong number of slots makes work of a full batch, and so prices, wrong by as much."""
    config = fleet(endpoint("wide", "coder", 32), endpoint("told", "coder", None), policy="joint")
    bench = Bench(config)
    states = bench.router._fleet.endpoints
    assert states["wide"].latency.slots == 32
    assert states["told"].latency.slots == DEFAULT_SLOTS
    _, generation = next(seen for seen in bench.router.watched() if seen[0].id == "told")
    sample = EngineSample(slots=Signal(16, 1.0, "test"))
    bench.send(Sampled(1.0, "told", generation, sample))
    assert states["told"].latency.slots == 16


@pytest.mark.parametrize(("before", "after"), [(1, 16), (16, 1), (16, None), (None, 16)])
def test_a_reload_that_changes_slots_leaves_what_a_start_with_them_would(
    before: int | None, after: int | None
) -> None:
    """Work and price too: they go by the work of a full batch."""
    reloaded, started = (
        Bench(fleet(endpoint("c", "coder", slots), policy="joint")) for slots in (before, after)
    )
    reloaded.arrive(query("before"))
    started.arrive(query("before"))
    reloaded.send(ConfigChanged(0.0, started.router.config))
    mine, other = (bench.router._fleet.endpoints["c"] for bench in (reloaded, started))
    assert mine.latency.slots == mine.slots == other.slots
    assert mine.price.slots == other.price.slots
    mine_s, other_s = (
        bench.router.dry_run(query("dry")).candidates[0].work_s for bench in (reloaded, started)
    )
    assert mine_s == pytest.approx(other_s)


def test_a_reload_leaves_the_slots_that_the_engine_told() -> None:
    bench = Bench(fleet(endpoint("told", "coder", None), policy="joint"))
    _, generation = bench.router.watched()[0]
    told = EngineSample(slots=Signal(16, 1.0, "test"))
    bench.send(Sampled(1.0, "told", generation, told))
    bench.send(ConfigChanged(1.0, bench.router.config))
    assert bench.router._fleet.endpoints["told"].latency.slots == 16


def test_what_is_left_of_a_stream_is_its_mean_residual_life() -> None:
    """Half of the answers take 20 tokens and half 400: one that passes 100 has 300 to go."""
    bench = Bench(fleet(endpoint("one", "coder", 8)))
    for _ in range(60):
        for tokens in (20.0, 400.0):
            share = (TopicShare("code", Task.CODE, 1.0),)
            bench.router.knowledge.length.observe(share, "coder", tokens)
    bench.arrive(query("q", Task.CODE, bench.now_s))
    state = bench.router._fleet.endpoints["one"]
    attempt = state.attempts["q"]
    expected = attempt.remaining_tokens
    bench.first_token("q")
    bench.send(Progress(bench.now_s, "q", 1, 100))
    assert attempt.remaining_tokens == pytest.approx(300.0, rel=0.1)
    assert attempt.remaining_tokens > expected
    assert state.view(bench.now_s).remaining_output_tokens == attempt.remaining_tokens
    step_s = state.latency.decode_s(1)
    assert state.ends_in_s(attempt, bench.now_s) == pytest.approx(300.0 * step_s, rel=0.1)
    bench.send(Progress(bench.now_s, "q", 1, 390))
    assert attempt.remaining_tokens < 100.0
    late = attempt.remaining_tokens
    bench.send(Progress(bench.now_s, "q", 1, 200))  # an old count changes nothing
    assert attempt.remaining_tokens == late
