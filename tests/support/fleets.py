"""Small fleets and queries for tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zeta_router.core.fleet import Endpoint, FleetConfig, Limits, Model
from zeta_router.core.query import Operation, Query, Task, certain

SMALL = Model("small", {Task.SIMPLE: 0.6, Task.CODE: 0.4, Task.REASONING: 0.3}, 4, 8192)
CODER = Model("coder", {Task.SIMPLE: 0.6, Task.CODE: 0.75, Task.REASONING: 0.4}, 7, 8192)
THINKER = Model("thinker", {Task.SIMPLE: 0.75, Task.CODE: 0.6, Task.REASONING: 0.75}, 14, 8192)
EMBEDDER = Model("embedder", {Task.EMBEDDING: 1.0}, 0.1, 512, embedding_space="e5")
ROUTES = {
    Task.SIMPLE: "small",
    Task.CODE: "coder",
    Task.REASONING: "thinker",
    Task.EMBEDDING: "embedder",
}

TWO_SIMULATED = """
models:
  coder: {tasks: {code: 0.8, simple: 0.6}, params_b: 7}
  helper: {tasks: {simple: 0.7, code: 0.4}, params_b: 4}
endpoints:
  - id: c
    url: "http://127.0.0.1:9"
    model: coder
    simulate: {prefill_tokens_per_s: 8000, step_s: 0.013, step_per_seq_s: 0.0004, slots: 8}
  - id: h
    url: "http://127.0.0.1:10"
    model: helper
    simulate: {prefill_tokens_per_s: 12000, step_s: 0.008, step_per_seq_s: 0.0003, slots: 8}
routes: {code: coder, simple: helper}
"""
"""A fleet as zeta.yaml, of two endpoints whose speed the simulator is told."""


def endpoint(id_: str, model: str, slots: int | None = 2, **more: Any) -> Endpoint:
    """An endpoint that nobody listens on."""
    return Endpoint(id_, f"http://127.0.0.1:9/{id_}", model, slots=slots, **more)


def fleet(*endpoints: Endpoint, policy: str = "static", **more: Any) -> FleetConfig:
    """Four models and one endpoint of two slots each, unless told otherwise."""
    models = {m.name: m for m in (SMALL, CODER, THINKER, EMBEDDER)}
    found = endpoints or (
        endpoint("s", "small"),
        endpoint("c", "coder"),
        endpoint("t", "thinker"),
        endpoint("e", "embedder"),
    )
    limits = more.pop("limits", Limits(queue=10, max_wait_s=5.0))
    config = FleetConfig(models, found, ROUTES, {}, policy, limits)
    return replace(config, **more) if more else config


def query(id_: str, task: Task = Task.CODE, at_s: float = 0.0, **more: Any) -> Query:
    """A query whose task is known."""
    operation = Operation.EMBEDDING if task is Task.EMBEDDING else Operation.CHAT
    given = {"operation": operation, "task": certain(task), "prompt_tokens": 50, **more}
    return Query(id_, at_s, **given)
