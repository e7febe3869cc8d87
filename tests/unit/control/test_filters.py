"""Hard filters: yes or no, never load."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.candidates import view
from support.fleets import CODER, EMBEDDER, ROUTES, SMALL, fleet, query
from zeta_router.control.filters import (
    Demand,
    auto_space,
    demand_of,
    space_of,
    unavailable,
    unsuitable,
)
from zeta_router.core.fleet import FleetConfig, Model
from zeta_router.core.query import Capability, Operation, Query, Task
from zeta_router.core.reasons import DROP_TEXT, LASTING_DROPS, Drop
from zeta_router.core.snapshot import Health

TWIN = replace(EMBEDDER, name="twin")
OTHER = replace(EMBEDDER, name="other", embedding_space="bge")
PRIVATE = Model("private", {Task.EMBEDDING: 1.0})
NO_ROUTE = {task: name for task, name in ROUTES.items() if task is not Task.EMBEDDING}


def with_models(*models: Model, routed: bool = True) -> FleetConfig:
    """A fleet with these models besides the coder."""
    known = {model.name: model for model in (CODER, *models)}
    routes = {task: name for task, name in ROUTES.items() if name in known}
    return replace(fleet(), models=known, routes=routes if routed else NO_ROUTE)


def demand(asked: Query, task: Task = Task.CODE, config: FleetConfig | None = None) -> Demand:
    return demand_of(asked, task, config or fleet())


class TestSpaces:
    def test_declared_or_its_own_or_none(self) -> None:
        assert space_of(EMBEDDER) == "e5"
        assert space_of(PRIVATE) == "private"
        assert space_of(CODER) is None

    def test_without_a_name_the_route_says_which(self) -> None:
        assert auto_space(with_models(EMBEDDER, OTHER)) == "e5"

    def test_without_a_route_the_only_one_there_is(self) -> None:
        assert auto_space(with_models(EMBEDDER, TWIN, routed=False)) == "e5"

    def test_several_are_not_guessed_between(self) -> None:
        assert auto_space(with_models(EMBEDDER, OTHER, routed=False)) is None

    def test_none_at_all(self) -> None:
        assert auto_space(with_models(routed=False)) is None


class TestEmbeddings:
    ASKED = query("q", Task.EMBEDDING)

    def test_only_the_same_space_will_do(self) -> None:
        wanted = demand(self.ASKED, Task.EMBEDDING, with_models(EMBEDDER, OTHER))
        assert wanted.space == "e5"
        assert unsuitable(wanted, EMBEDDER) is None
        assert unsuitable(wanted, TWIN) is None
        assert unsuitable(wanted, OTHER) is Drop.OTHER_EMBEDDING_SPACE
        assert unsuitable(wanted, CODER) is Drop.OTHER_EMBEDDING_SPACE

    def test_a_named_model_means_its_space(self) -> None:
        config = with_models(EMBEDDER, TWIN, OTHER)
        named = self.ASKED._replace(model_requested="other")
        wanted = demand(named, Task.EMBEDDING, config)
        assert unsuitable(wanted, OTHER) is None
        assert unsuitable(wanted, EMBEDDER) is Drop.OTHER_EMBEDDING_SPACE

    def test_a_named_model_that_makes_none_is_served_by_nobody(self) -> None:
        named = self.ASKED._replace(model_requested="coder")
        wanted = demand(named, Task.EMBEDDING)
        assert {unsuitable(wanted, model) for model in fleet().models.values()} == {
            Drop.OTHER_EMBEDDING_SPACE
        }

    def test_an_unknown_space_is_served_by_nobody(self) -> None:
        config = with_models(EMBEDDER, OTHER, routed=False)
        wanted = demand(self.ASKED, Task.EMBEDDING, config)
        assert unsuitable(wanted, EMBEDDER) is Drop.OTHER_EMBEDDING_SPACE


class TestModels:
    def test_the_task_must_be_declared(self) -> None:
        wanted = demand(query("q"), Task.CODE)
        assert unsuitable(wanted, CODER) is None
        assert unsuitable(wanted, EMBEDDER) is Drop.CANNOT_DO_TASK

    def test_a_named_model_excludes_the_others_whatever_the_task(self) -> None:
        wanted = demand(query("q", model_requested="small"), Task.CODE)
        assert unsuitable(wanted, SMALL) is None
        assert unsuitable(wanted, CODER) is Drop.OTHER_MODEL

    def test_a_named_model_need_not_declare_the_task(self) -> None:
        poet = Model("poet", {Task.SIMPLE: 0.5})
        config = with_models(poet)
        assert (
            unsuitable(demand(query("q", model_requested="poet"), Task.CODE, config), poet) is None
        )

    def test_a_named_embedder_does_not_chat(self) -> None:
        wanted = demand(query("q", model_requested="embedder"))
        assert unsuitable(wanted, EMBEDDER) is Drop.CANNOT_DO_TASK

    def test_a_named_model_may_rerank(self) -> None:
        asked = query("q", Task.RERANK, operation=Operation.RERANK, model_requested="embedder")
        assert unsuitable(demand(asked, Task.RERANK), EMBEDDER) is None

    def test_reranking_without_a_name_needs_the_task(self) -> None:
        asked = query("q", Task.RERANK, operation=Operation.RERANK)
        assert unsuitable(demand(asked, Task.RERANK), EMBEDDER) is Drop.CANNOT_DO_TASK


class TestContext:
    @pytest.mark.parametrize(
        ("prompt", "answer", "drop"),
        [
            (8192, None, None),
            (8193, None, Drop.CONTEXT_TOO_SMALL),
            (8000, 192, None),
            (8000, 193, Drop.CONTEXT_TOO_SMALL),
            (0, 10**400, Drop.CONTEXT_TOO_SMALL),
        ],
    )
    def test_prompt_and_answer_have_to_fit_where_they_fit_somewhere(
        self, prompt: int, answer: int | None, drop: Drop | None
    ) -> None:
        asked = query("q", prompt_tokens=prompt, max_output_tokens=answer)
        roomy = {"roomy": replace(CODER, name="roomy", context_tokens=None)}
        assert unsuitable(demand(asked, config=with_models(roomy["roomy"])), CODER) is drop

    @pytest.mark.parametrize(
        ("prompt", "answer", "drop"),
        [
            (8193, None, None),
            (12_288, 8192, None),
            (12_289, None, Drop.CONTEXT_TOO_SMALL),
            (0, 10**400, None),
        ],
    )
    def test_where_nothing_has_more_room_only_a_prompt_beyond_doubt_is_refused(
        self, prompt: int, answer: int | None, drop: Drop | None
    ) -> None:
        asked = query("q", prompt_tokens=prompt, max_output_tokens=answer)
        small = {"small": replace(CODER, name="small", context_tokens=4096)}
        wanted = demand(asked, config=with_models(small["small"]))
        assert unsuitable(wanted, CODER) is drop
        assert unsuitable(wanted, small["small"]) is Drop.CONTEXT_TOO_SMALL

    def test_room_in_a_model_that_cannot_serve_it_is_none(self) -> None:
        asked = query("q", prompt_tokens=9000, needs=frozenset({Capability.TOOLS}))
        lacks = frozenset({Capability.TOOLS})
        roomy = {"roomy": replace(CODER, name="roomy", context_tokens=None, lacks=lacks)}
        assert unsuitable(demand(asked, config=with_models(roomy["roomy"])), CODER) is None

    @pytest.mark.parametrize(
        ("operation", "task"),
        [(Operation.EMBEDDING, Task.EMBEDDING), (Operation.RERANK, Task.RERANK)],
    )
    def test_a_batch_of_inputs_may_be_longer_than_any_context(
        self, operation: Operation, task: Task
    ) -> None:
        """200 passages of 100 tokens: each fits into 512, and the engine takes them one by one."""
        named = "embedder" if operation is Operation.RERANK else "auto"
        asked = query("q", task, operation=operation, prompt_tokens=20_000, model_requested=named)
        assert unsuitable(demand(asked, task), EMBEDDER) is None

    def test_an_unknown_context_fits_everything(self) -> None:
        asked = query("q", prompt_tokens=10**9)
        assert unsuitable(demand(asked), replace(CODER, context_tokens=None)) is None


class TestCapabilities:
    @pytest.mark.parametrize("need", list(Capability))
    def test_what_a_model_lacks_excludes_it(self, need: Capability) -> None:
        asked = query("q", needs=frozenset({need}))
        assert unsuitable(demand(asked), CODER) is None
        lacking = replace(CODER, lacks=frozenset({need}))
        assert unsuitable(demand(asked), lacking) is Drop.LACKS_CAPABILITY

    def test_what_nobody_asked_for_may_be_lacking(self) -> None:
        lacking = replace(CODER, lacks=frozenset(Capability))
        assert unsuitable(demand(query("q")), lacking) is None


class TestAvailability:
    @pytest.mark.parametrize(
        ("health", "drop"),
        [(Health.UP, None), (Health.DOWN, Drop.DOWN), (Health.DRAINING, Drop.DRAINING)],
    )
    def test_health(self, health: Health, drop: Drop | None) -> None:
        assert unavailable(view("a", health=health), ()) is drop

    def test_who_failed_this_query_is_not_asked_again(self) -> None:
        assert unavailable(view("a"), {"a", "b"}) is Drop.ALREADY_FAILED
        assert unavailable(view("c"), {"a", "b"}) is None

    def test_load_is_no_filter(self) -> None:
        assert unavailable(view("a", in_flight=99, slots=1, paused=True), ()) is None


def test_every_drop_is_explained_and_known_as_lasting_or_passing() -> None:
    assert set(DROP_TEXT) == set(Drop)
    passing = {Drop.DOWN, Drop.DRAINING, Drop.EJECTED, Drop.ALREADY_FAILED}
    assert set(Drop) - LASTING_DROPS == passing
