"""Views and candidates for tests of policies, with only what a test cares about spelled out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from support.fleets import CODER, EMBEDDER, ROUTES, SMALL, THINKER
from zeta_router.core.draws import Draws
from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import Query, Slo, Task, certain
from zeta_router.core.signal import NO_SAMPLE, EngineSample, Signal
from zeta_router.core.snapshot import Candidate, EndpointView, Health
from zeta_router.policy.protocol import Choice, Context, Policy

NOW_S = 100.0
SLO = Slo(ttft_s=2.0, tpot_s=0.05, e2e_s=10.0)
MODELS = {model.name: model for model in (SMALL, CODER, THINKER, EMBEDDER)}

_PREDICTED: dict[str, float] = {
    "quality": 0.5,
    "output_tokens": 100.0,
    "ttft_s": 0.2,
    "tpot_s": 0.02,
    "log_sigma": 0.5,
    "work_s": 1.0,
    "length_log_sigma": 0.0,
    "tpot_log_sigma": 0.5,
    "tpot_slope_s": 0.0,
    "prefill_stall_s": 0.0,
    "switch_cost": 0.0,
}


def view(id_: str, model: str = "coder", **more: Any) -> EndpointView:
    """An idle endpoint of four slots that was never used, unless told otherwise."""
    given: dict[str, Any] = {
        "endpoint": Endpoint(id_, f"http://127.0.0.1:9/{id_}", model),
        "model": MODELS[model],
        "health": Health.UP,
        "generation": 1,
        "slots": 4,
        "in_flight": 0,
        "foreign_in_flight": 0,
        "dispatched_seq": 0,
        "peak_ewma_s": None,
        "pending_prefill_tokens": 0,
        "remaining_output_tokens": 0.0,
        "price": 0.0,
        "sample": NO_SAMPLE,
        "paused": False,
    }
    return EndpointView(**(given | more))


def candidate(id_: str, model: str = "coder", **more: Any) -> Candidate:
    """A candidate; what is not a prediction goes to its view."""
    predicted = {name: more.pop(name, value) for name, value in _PREDICTED.items()}
    return Candidate(view(id_, model, **more), **predicted)


def cpu(ratio: float | None, at_s: float = NOW_S) -> EngineSample:
    """A poll that only says how busy the processor is."""
    return EngineSample(cpu_ratio=Signal(ratio, at_s, "test"))


def ask(id_: str = "q", **more: Any) -> Query:
    """A query that has just arrived, with objectives."""
    return Query(id_, **({"arrived_at_s": NOW_S, "slo": SLO} | more))


def context(
    task: Task = Task.CODE, capped: bool = True, routes: Mapping[Task, str] = ROUTES
) -> Context:
    """What a policy is told besides; code goes to the coder."""
    return Context(NOW_S, certain(task), routes, capped)


def choose(policy: Policy, candidates: Sequence[Candidate], id_: str = "q", **more: Any) -> Choice:
    """One choice with the query's own draws."""
    query = more.pop("query", None) or ask(id_)
    return policy.choose(query, candidates, Draws(7, id_), more.pop("given", None) or context())


def chosen_id(policy: Policy, candidates: Sequence[Candidate], **more: Any) -> str | None:
    """The id of the endpoint that was chosen; None when the query waits or is shed."""
    choice = choose(policy, candidates, **more)
    return None if choice.index is None else candidates[choice.index].view.endpoint.id
