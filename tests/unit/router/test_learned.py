"""What is restored into a fleet that changed meanwhile, and what is left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from support.bench import OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.query import Task
from zeta_router.router.events import Feedback
from zeta_router.router.learned import FLEET, without_models

NOW_S = 1000.0
SHAPE = (endpoint("c", "coder"), endpoint("t", "thinker"))


def taught() -> Bench:
    """A router that has served and been judged."""
    bench = Bench(fleet(*SHAPE))
    for number in range(30):
        task = Task.CODE if number % 2 else Task.REASONING
        bench.arrive(query(f"q{number}", task, bench.now_s))
        bench.advance(bench.now_s + 0.4)
        bench.first_token(f"q{number}")
        bench.advance(bench.now_s + 1.0)
        bench.finish(f"q{number}", OK)
        bench.send(Feedback(bench.now_s, f"q{number}", 0.0))
    return bench


def saved(bench: Bench) -> dict[str, Any]:
    return {name: bench.router.learned_part(name) for name in bench.router.learned_names()}


def quality(bench: Bench, task: Task, model: str) -> float:
    decision = bench.router.dry_run(query("dry", task, bench.now_s))
    return next(c.quality for c in decision.candidates if c.view.model.name == model)


def test_heads_and_endpoints_are_parts_of_their_own() -> None:
    names = taught().router.learned_names()
    assert {"quality", "length", FLEET, "endpoint/c", "endpoint/t"} <= set(names)


def test_an_endpoint_that_moved_starts_from_its_prior_and_is_named() -> None:
    first = taught()
    moved = replace(SHAPE[0], url="http://127.0.0.1:9/elsewhere")
    second = Bench(fleet(moved, SHAPE[1]))
    left = second.router.restore(saved(first), NOW_S)
    assert list(left) == ["endpoint/c", "condition/c"]
    assert "changed" in left["endpoint/c"]
    fresh = Bench(fleet(*SHAPE)).router.learned_part("endpoint/c")["state"]
    assert second.router.learned_part("endpoint/c")["state"] == fresh
    assert second.router.learned_part("endpoint/t") == first.router.learned_part("endpoint/t")


def test_an_endpoint_that_asks_its_engine_for_another_model_starts_from_its_prior() -> None:
    first = taught()
    other = replace(SHAPE[0], upstream_model="coder:v2")
    left = Bench(fleet(other, SHAPE[1])).router.restore(saved(first), NOW_S)
    assert list(left) == ["endpoint/c", "condition/c"]
    spelt_out = replace(SHAPE[0], upstream_model="coder")
    assert Bench(fleet(spelt_out, SHAPE[1])).router.restore(saved(first), NOW_S) == {}


def test_parts_of_a_version_that_did_not_say_so_are_taken_over() -> None:
    parts = saved(taught())
    for part in parts.values():
        part.pop("as", None)
    other = replace(SHAPE[0], upstream_model="coder:v2")
    assert Bench(fleet(other, SHAPE[1])).router.restore(parts, NOW_S) == {}


def test_an_endpoint_that_is_gone_is_named() -> None:
    second = Bench(fleet(SHAPE[1]))
    assert "no such endpoint" in second.router.restore(saved(taught()), NOW_S)["endpoint/c"]


def test_a_model_of_another_size_under_the_same_name_starts_from_its_prior() -> None:
    first = taught()
    config = fleet(*SHAPE)
    models = {**config.models, "coder": replace(config.models["coder"], params_b=32.0)}
    second = Bench(replace(config, models=models))
    left = second.router.restore(saved(first), NOW_S)
    assert "another model" in left["model coder"]
    assert "endpoint/c" in left  # its speed was that of the old one
    fresh = Bench(replace(config, models=models))
    assert quality(second, Task.CODE, "coder") == quality(fresh, Task.CODE, "coder")
    assert quality(second, Task.REASONING, "thinker") == quality(first, Task.REASONING, "thinker")
    assert quality(second, Task.REASONING, "thinker") < quality(fresh, Task.REASONING, "thinker")


def test_another_layout_or_an_unknown_head_is_left_out() -> None:
    parts = saved(taught())
    parts["quality"]["version"] = 99
    parts["telepathy"] = {"version": 1, "state": {}}
    second = Bench(fleet(*SHAPE))
    left = second.router.restore(parts, NOW_S)
    assert set(left) == {"quality", "telepathy"}
    assert quality(second, Task.CODE, "coder") == quality(Bench(fleet(*SHAPE)), Task.CODE, "coder")


def test_no_restored_time_lies_in_the_future() -> None:
    """Else a price from a clock that ran ahead would stand still for as long."""
    first = taught()
    second = Bench(fleet(*SHAPE))
    second.router.restore(saved(first), 5.0, 1e6)
    state = second.router.learned_part("endpoint/c")["state"]
    assert state["price"]["at_s"] == state["learned_at_s"] == state["peak"]["at_s"] == 5.0


def test_a_forecast_from_a_clock_ahead_goes_on_with_the_next_bin() -> None:
    """Else it stood still, and everything that came meanwhile fell into one bin."""
    first = taught()
    second = Bench(fleet(*SHAPE))
    assert second.router.restore(saved(first), 2.0, 3600.0) == {}
    bins = []
    for at_s in (4.0, 8.0, 12.0):
        second.router.knowledge.arrivals.advance(at_s)
        bins.append(second.router.learned_part("arrivals")["state"]["bin"])
    assert bins == [0, 1, 2]


def test_rows_of_a_model_are_found_wherever_a_state_has_them() -> None:
    state = {
        "cells": [["code", "a", 1.0], ["code", "b", 2.0]],
        "models": {"a": [1], "b": [2]},
        "other": [[1.0, 2.0, 3.0]],
    }
    assert without_models(state, frozenset({"a"})) == {
        "cells": [["code", "b", 2.0]],
        "models": {"b": [2]},
        "other": [[1.0, 2.0, 3.0]],
    }
