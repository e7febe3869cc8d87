"""Turning found engines into a fleet that routes sensibly before anybody has configured it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, count
from urllib.parse import urlsplit

from zeta_router.core.fleet import DEFAULT_SLOTS, Endpoint, FleetConfig, Model
from zeta_router.core.query import AUTO, Task
from zeta_router.monitor.discover import Found
from zeta_router.monitor.engines.protocol import ModelKind, ServedModel
from zeta_router.monitor.guess import UNTOLD_SLOTS, kind_of, params_b_of, tasks_of
from zeta_router.monitor.modelname import is_coder, is_reasoner, short_name

SIMPLE_IS_GOOD_ENOUGH = 0.55
"""Prior quality from which a model is thought able to do simple tasks."""

ID_LENGTH = 63
"""Longest endpoint id that a configuration may have."""

NAME_LENGTH = 180
"""Longest model name that is taken over; a configuration may have 200."""

ROUTER_NAMES = frozenset({AUTO, "zeta"})
"""Model names with which clients ask the router to choose."""

NEAR_QUALITY = 0.05
"""Priors closer than this are not told apart: they are guesses."""

MADE_FOR: dict[Task, Callable[[str], bool]] = {Task.CODE: is_coder, Task.REASONING: is_reasoner}
"""How a name says that its model was made for a task."""

_TELL_RUNNING = frozenset({"vllm", "sglang", "llamacpp", "tgi"})
"""Engines that tell how many requests they run, so that their endpoints see each other's work."""


def fleet_of(found: Sequence[Found]) -> FleetConfig:
    """One endpoint per served model, replicas where two engines serve the same one.

    Engines that list no model (still loading) are left out. An embedding model's space is its own
    name: vectors of two models are never comparable, and two engines with the same model are taken
    to produce the same vectors.
    """
    models: dict[str, Model] = {}
    endpoints: list[Endpoint] = []
    ids: set[str] = set()
    names: dict[str, str] = {}
    for engine in found:
        for served in engine.identity.models:
            name = _fleet_name(engine, served, names)
            models.setdefault(name, _model(name, served))
            endpoint_id = _free_id(engine, name, ids)
            ids.add(endpoint_id)
            endpoints.append(
                Endpoint(
                    id=endpoint_id,
                    url=engine.url,
                    model=name,
                    engine=engine.identity.engine,
                    slots=_slots(engine, served),
                    upstream_model=served.name if served.name != name else None,
                )
            )
    return FleetConfig(
        models=models, endpoints=tuple(endpoints), routes=routes_of(models), policy="joint"
    )


def routes_of(models: Mapping[str, Model]) -> dict[Task, str]:
    """The static rules that suit these models.

    Simple tasks go to the smallest model that is good enough for them. Every other task goes to
    the model with the best prior for it; of those that come near it, to one made for the task,
    else to the largest.
    """
    routes: dict[Task, str] = {}
    for task in Task:
        able = [model for model in models.values() if model.tasks.get(task) is not None]
        if able:
            routes[task] = (_simple if task is Task.SIMPLE else _best)(able, task).name
    return routes


def _simple(able: Sequence[Model], task: Task) -> Model:
    good = [model for model in able if _quality(model, task) >= SIMPLE_IS_GOOD_ENOUGH]
    if not good:
        return _best(able, task)
    return min(good, key=lambda model: (_size_b(model), model.name))


def _best(able: Sequence[Model], task: Task) -> Model:
    best = max(_quality(model, task) for model in able)
    near = [model for model in able if _quality(model, task) >= best - NEAR_QUALITY]
    made_for = MADE_FOR.get(task)
    return max(
        near,
        key=lambda model: (
            made_for is not None and made_for(model.name),
            _size_b(model),
            model.name,
        ),
    )


def _model(name: str, served: ServedModel) -> Model:
    embeds = kind_of(served) is ModelKind.EMBEDDING
    return Model(
        name=name,
        tasks=tasks_of(served),
        params_b=params_b_of(served),
        context_tokens=served.context_tokens,
        embedding_space=name if embeds else None,
        lacks=served.lacks,
    )


def _slots(engine: Found, served: ServedModel) -> int | None:
    """The in-flight cap of one of the endpoints that an engine carries; None asks the engine.

    Slots per model are taken as told. Slots of the whole engine are left to the engine's own word
    where it also tells how many requests run, for then each of its endpoints sees the others'
    work; where it does not, they are divided, so that together they cannot exceed them.
    """
    if served.slots is not None:
        return served.slots
    identity = engine.identity
    untold = UNTOLD_SLOTS.get(identity.engine)
    if identity.slots is None and untold is not None:
        return untold
    if len(identity.models) == 1 or identity.engine in _TELL_RUNNING:
        return None
    return max(1, (identity.slots or DEFAULT_SLOTS) // len(identity.models))


def _fleet_name(engine: Found, served: ServedModel, known: dict[str, str]) -> str:
    """The model's name in the fleet: short, without spaces, and not one that means the router.

    `known` holds what each name was made from: two models whose names become the same get a number,
    one model on two engines keeps its name.
    """
    told = short_name(served.name)
    name = re.sub(r"[^!-~]+", "-", told)[:NAME_LENGTH]
    if name.lower().partition(":")[0] in ROUTER_NAMES:
        name = f"{engine.identity.engine}-{name}"
    names = chain((name,), (f"{name}-{number}" for number in count(2)))
    return next(one for one in names if known.setdefault(one, told) == told)


def _free_id(engine: Found, name: str, taken: set[str]) -> str:
    """A readable id: ``ollama-qwen2.5-coder-7b``; with the port, then a number, when taken."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", f"{engine.identity.engine}-{name}")
    port = urlsplit(engine.url).port
    endings = chain(("", f"-{port}"), (f"-{port}-{number}" for number in count(2)))
    ids = (f"{plain[: ID_LENGTH - len(ending)].strip('-')}{ending}" for ending in endings)
    return next(one for one in ids if one not in taken)


def _quality(model: Model, task: Task) -> float:
    return model.tasks.get(task) or 0.0


def _size_b(model: Model) -> float:
    return model.params_b or 0.0
