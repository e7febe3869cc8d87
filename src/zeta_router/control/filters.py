"""Hard filters: which endpoints may serve a query at all.

Load is no filter. A full endpoint stays a candidate, because waiting for the right model can be
better than an idle wrong one; that is the policy's question. What is asked here has a yes or no.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from zeta_router.core.fleet import FleetConfig, Model
from zeta_router.core.query import GENERATIVE_TASKS, Operation, Query, Task
from zeta_router.core.reasons import Drop
from zeta_router.core.snapshot import EndpointView, Health

_MANY_INPUTS = frozenset({Operation.EMBEDDING, Operation.RERANK})


_DOUBT = 1.5
"""How far the estimate of a prompt's tokens may exceed a context before it cannot fit.

Code with deep indentation has half as many tokens as are estimated for prose of its length.
"""


def space_of(model: Model) -> str | None:
    """The embedding space of a model; None when it makes no embeddings.

    A model that declares none has one of its own: nothing else may stand in for it.
    """
    if model.embedding_space is not None:
        return model.embedding_space
    return model.name if Task.EMBEDDING in model.tasks else None


def auto_space(fleet: FleetConfig) -> str | None:
    """The space that an embedding request without a model's name asks for.

    The space of the static route's model; without such a route, the only space there is; None
    when there are several or none, because guessing would hand out vectors that cannot be compared.
    """
    route = fleet.routes.get(Task.EMBEDDING)
    if route is not None:
        return space_of(fleet.models[route])
    spaces = {space for model in fleet.models.values() if (space := space_of(model)) is not None}
    return spaces.pop() if len(spaces) == 1 else None


_EMBEDDING, _OTHER_MODEL = Operation.EMBEDDING, Drop.OTHER_MODEL
"""Looked up once: a member of an enum costs as much as a function call."""


class Demand(NamedTuple):
    """What a query demands of an endpoint, worked out once per query.

    Attributes:
        model: The model that was named, or None.
        space: The embedding space asked for, when it is an embedding request.
        tokens: Prompt and answer together, as far as known. 0 for embeddings and reranking: their
            tokens are the sum over independent inputs, of which each alone has to fit.
    """

    query: Query
    task: Task
    model: str | None
    space: str | None
    tokens: int


def demand_of(query: Query, task: Task, fleet: FleetConfig) -> Demand:
    """The demand of a query; the model it names must exist in the fleet."""
    model = None if query.model_requested == "auto" else query.model_requested
    space = None
    if query.operation is _EMBEDDING:
        space = space_of(fleet.models[model]) if model is not None else auto_space(fleet)
    tokens = 0
    if query.operation not in _MANY_INPUTS:
        tokens = query.prompt_tokens + (query.max_output_tokens or 0)
    demand = Demand(query, task, model, space, tokens)
    if any(one.context_tokens and tokens > one.context_tokens for one in fleet.models.values()):
        return demand._replace(tokens=_in_doubt(demand, fleet))
    return demand


def _in_doubt(demand: Demand, fleet: FleetConfig) -> int:
    """The tokens to ask for, where not every model has room for as many.

    What fits by the estimate goes where it fits. Where it fits nowhere, the model with the most
    room is asked all the same, as long as the prompt alone may fit: its length is an estimate, and
    many engines cut an answer that has no room. Whoever counts for real gives the last word.
    """
    unbounded = demand._replace(tokens=0)
    rooms = [
        model.context_tokens
        for model in fleet.models.values()
        if unsuitable(unbounded, model) is None
    ]
    most = max((room for room in rooms if room is not None), default=0)
    if None in rooms or demand.tokens <= most:
        return demand.tokens
    return most if demand.query.prompt_tokens <= _DOUBT * most else demand.tokens


def unsuitable(demand: Demand, model: Model) -> Drop | None:
    """Why `model` can never serve this demand, or None when it can."""
    query, task, named, space, tokens = demand
    if query.operation is _EMBEDDING:
        if space is None or space_of(model) != space:
            return Drop.OTHER_EMBEDDING_SPACE
    elif named is not None:
        if model.name != named:
            return _OTHER_MODEL
        if not _answers(model.tasks, query.operation):
            return Drop.CANNOT_DO_TASK
    elif task not in model.tasks:
        return Drop.CANNOT_DO_TASK
    if model.context_tokens is not None and tokens > model.context_tokens:
        return Drop.CONTEXT_TOO_SMALL
    if query.needs & model.lacks:
        return Drop.LACKS_CAPABILITY
    return None


def unavailable(view: EndpointView, failed: Collection[str], spared: bool = False) -> Drop | None:
    """Why an endpoint cannot serve a query at this moment, or None when it can.

    Args:
        view: The endpoint.
        failed: Ids of the endpoints that have already failed this query.
        spared: Use it even when it is ejected.
    """
    if view.health is Health.DOWN:
        return Drop.DOWN
    if view.health is Health.DRAINING:
        return Drop.DRAINING
    if view.health is Health.EJECTED and not spared:
        return Drop.EJECTED
    if view.endpoint.id in failed:
        return Drop.ALREADY_FAILED
    return None


def _answers(tasks: Mapping[Task, float | None], operation: Operation) -> bool:
    """Whether a model that was named can serve this kind of call at all."""
    if operation is Operation.RERANK:
        return True
    return any(task in tasks for task in GENERATIVE_TASKS)
