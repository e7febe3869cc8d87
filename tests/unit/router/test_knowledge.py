"""What is known of models over many configurations."""

from __future__ import annotations

from dataclasses import replace

from support.bench import OK, Bench
from support.fleets import CODER, endpoint, fleet, query
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import Task
from zeta_router.learn.former import MOST_FORMER
from zeta_router.learn.task.ask import FEATURE_NAMES
from zeta_router.router.events import ConfigChanged, Feedback


def with_model(number: int) -> FleetConfig:
    """One that stays, and one of a name of its own."""
    name = f"new{number}"
    config = fleet(endpoint("c", "coder"), endpoint(f"n{number}", "coder"))
    new = replace(config.endpoints[1], model=name)
    models = {**config.models, name: replace(CODER, name=name)}
    return replace(config, models=models, endpoints=(config.endpoints[0], new))


def test_reloads_with_ever_new_models_do_not_pile_up_what_is_known() -> None:
    bench = Bench(with_model(0))
    count = MOST_FORMER + 10
    for number in range(count):
        bench.send(ConfigChanged(bench.now_s, with_model(number)))
        for model in ("coder", f"new{number}"):
            name = f"{model}-{number}"
            asked = query(name, Task.CODE, bench.now_s, model_requested=model, asker="me")
            bench.arrive(asked._replace(features=(0.0,) * len(FEATURE_NAMES)))
            bench.finish(name, OK)
            bench.send(Feedback(bench.now_s, name, 0.0))
    knowledge = bench.router.knowledge
    knows = {
        "cells": [model for _, model in knowledge.quality._cells],
        "tasks": [model for _, model in knowledge.quality._tasks],
        "lengths": [model for _, model in knowledge.length._cells],
        "tails": [model for _, model in knowledge.length._histograms],
        "residuals": list(knowledge.residual._models),
        "watches": list(knowledge.rewards._watches),
        "voters": list(knowledge.rewards._voters),
    }
    for what, models in knows.items():
        assert "coder" in models, what
        assert f"new{count - MOST_FORMER}" in models, what
        assert "new0" not in models, what
        assert len(set(models)) == 2 + MOST_FORMER, what
