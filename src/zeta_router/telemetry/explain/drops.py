"""Why an endpoint was not a candidate, with the facts that decided it."""

from __future__ import annotations

from zeta_router.control.filters import auto_space, space_of
from zeta_router.core.fleet import FleetConfig, Model
from zeta_router.core.query import Query, Task
from zeta_router.core.reasons import DROP_TEXT, Drop


def drop_sentence(
    drop: Drop, endpoint_id: str, query: Query, task: Task, fleet: FleetConfig | None
) -> str:
    """One sentence; with `fleet` it names the model and the setting that stands in the way."""
    model = _model(endpoint_id, fleet)
    if model is None:
        return DROP_TEXT[drop]
    fact = _fact(drop, model, query, task, fleet)
    return f"{DROP_TEXT[drop]}: {fact}" if fact else DROP_TEXT[drop]


def _model(endpoint_id: str, fleet: FleetConfig | None) -> Model | None:
    for endpoint in fleet.endpoints if fleet else ():
        if endpoint.id == endpoint_id and fleet is not None:
            return fleet.models.get(endpoint.model)
    return None


def _fact(
    drop: Drop, model: Model, query: Query, task: Task, fleet: FleetConfig | None
) -> str | None:
    if drop is Drop.OTHER_MODEL:
        return f"asked for {query.model_requested}, this is {model.name}"
    if drop is Drop.CANNOT_DO_TASK:
        return f"{model.name} does {', '.join(sorted(model.tasks)) or 'nothing'}, not {task.value}"
    if drop is Drop.OTHER_EMBEDDING_SPACE:
        return _spaces(model, query, fleet)
    if drop is Drop.CONTEXT_TOO_SMALL:
        return f"{query.prompt_tokens} tokens and the answer against {model.context_tokens}"
    if drop is Drop.LACKS_CAPABILITY:
        return f"{model.name} lacks {', '.join(sorted(query.needs & model.lacks))}"
    return None


def _spaces(model: Model, query: Query, fleet: FleetConfig | None) -> str | None:
    """Both spaces by name: the one that this model has, and the one that is asked for."""
    if fleet is None:
        return None
    own = space_of(model)
    named = fleet.models.get(query.model_requested)
    wanted = space_of(named) if named is not None else auto_space(fleet)
    has = "makes no embeddings" if own is None else f"makes vectors of {own}"
    asked = (
        "no space is the obvious one; name a model" if wanted is None else f"asked for is {wanted}"
    )
    return f"{model.name} {has}, {asked}"
