"""What the router is told about the embedded fleet."""

from __future__ import annotations

from zeta_router.app.embedded.fleet import embedded_fleet_config
from zeta_router.app.embedded.roster import ENGINES
from zeta_router.core.query import Task

PORTS = {"small-4b": 1001, "coder-7b": 1002, "reasoner-14b": 1003, "embedder-4b": 1004}


def test_every_engine_is_an_endpoint_of_the_model_it_stands_in_for() -> None:
    fleet = embedded_fleet_config(PORTS)
    assert {e.model: e.url for e in fleet.endpoints} == {
        name: f"http://127.0.0.1:{port}" for name, port in PORTS.items()
    }
    assert {e.id for e in fleet.endpoints} == set(fleet.models) == {e.name for e in ENGINES}
    assert {e.id: e.slots for e in fleet.endpoints} == {e.name: e.slots for e in ENGINES}


def test_static_routes_name_a_model_that_can_do_the_task() -> None:
    fleet = embedded_fleet_config(PORTS)
    assert {task: fleet.models[model].params_b for task, model in fleet.routes.items()} == {
        Task.SIMPLE: 4,
        Task.CODE: 7,
        Task.REASONING: 14,
        Task.EMBEDDING: 4,
    }
    for task, model in fleet.routes.items():
        assert fleet.models[model].tasks[task]


def test_each_task_is_best_done_by_its_own_model() -> None:
    fleet = embedded_fleet_config(PORTS)
    for task in (Task.CODE, Task.REASONING, Task.EMBEDDING):
        best = max(fleet.models.values(), key=lambda model: model.tasks.get(task) or 0.0)
        assert best.name == fleet.routes[task]


def test_only_the_embedder_embeds_and_its_space_is_named() -> None:
    models = embedded_fleet_config(PORTS).models.values()
    assert {m.name: m.embedding_space for m in models if Task.EMBEDDING in m.tasks} == {
        "embedder-4b": "e5-small-384"
    }
