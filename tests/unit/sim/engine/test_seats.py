"""Who gets a seat, without any time."""

from __future__ import annotations

from typing import Any

from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.seats import Seats
from zeta_router.sim.engine.spec import EngineSpec


def seats(*jobs: Job, **changes: Any) -> Seats:
    made = Seats(EngineSpec(1000.0, 0.01, 0.001, **{"slots": 2, **changes}))
    for job in jobs:
        assert made.queue(job)
    made.admit()
    return made


def answer_all(made: Seats) -> list[str]:
    """Read every prompt to its end; whose first token is out."""
    while made.prefilling and made.read_prompts() and not made.completing:
        pass
    return [job.id for job in made.complete_prompts()]


def test_slots_are_given_in_order() -> None:
    made = seats(Job("a", 10, 5), Job("b", 10, 5), Job("c", 10, 5))
    assert list(made.admitted) == ["a", "b"]
    assert [job.id for job in made.waiting] == ["c"]
    assert not made.free


def test_a_prompt_that_never_fits_is_refused_and_a_long_answer_is_cut() -> None:
    made = seats(kv_tokens=100)
    assert not made.queue(Job("a", 100, 1))
    long = Job("b", 90, 50)
    assert made.queue(long)
    assert (long.output_tokens, long.truncated) == (10, True)


def test_a_budget_spreads_prompts_over_iterations() -> None:
    made = seats(Job("a", 30, 5), Job("b", 10, 5), prefill_chunk_tokens=25)
    assert made.read_prompts() == 25
    assert made.completing == []
    assert made.read_prompts() == 15
    assert [job.id for job in made.complete_prompts()] == ["a", "b"]
    assert made.batch.size == 2
    assert made.kv_tokens >= 40


def test_the_youngest_gives_way_when_memory_is_full_and_waits_in_front() -> None:
    made = seats(Job("a", 10, 40), Job("b", 10, 40), Job("c", 10, 40), kv_tokens=60)
    assert answer_all(made) == ["a", "b"]
    made.batch.steps += 19
    made.make_room()
    assert list(made.admitted) == ["a"]
    assert [job.id for job in made.waiting] == ["b", "c"]
    thrown_out = made.waiting[0]
    assert thrown_out.preemptions == 1
    assert thrown_out.context_tokens > thrown_out.prompt_tokens


def test_who_leaves_goes_at_the_boundary_or_at_once() -> None:
    a, b, c = (Job(name, 10, 5) for name in "abc")
    made = seats(a, b, c)
    assert not made.leave_soon(c)
    assert not made.waiting
    assert made.leave_soon(a)
    assert "a" in made.admitted
    made.let_leave()
    assert list(made.admitted) == ["b"]
    assert made.kv_tokens == 10


def test_all_is_lost_at_once() -> None:
    made = seats(Job("a", 10, 5), Job("b", 10, 5), Job("c", 10, 5))
    assert [job.id for job in made.clear()] == ["a", "b", "c"]
    assert made.free
    assert made.kv_tokens == 0
