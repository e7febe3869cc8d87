"""A failed probe counts for nothing when the endpoint has been heard of since it was sent."""

from __future__ import annotations

import pytest

from support.bench import Bench
from support.fleets import endpoint, fleet, query
from zeta_router.core.fleet import Limits
from zeta_router.core.snapshot import Health
from zeta_router.router.events import Unanswered


@pytest.mark.parametrize(("token_comes", "health"), [(True, Health.UP), (False, Health.EJECTED)])
def test_a_token_in_the_meantime_outweighs_it(token_comes: bool, health: Health) -> None:
    ends = (endpoint("a", "coder"), endpoint("b", "coder"))
    bench = Bench(fleet(*ends, limits=Limits(queue=10, max_wait_s=60.0)))
    place = bench.arrive(query("q", stream=True))
    assert place is not None
    bench.advance(1.0)
    bench.send(Unanswered(bench.now_s, place, generation_of(bench, place)))
    bench.advance(1.5)
    if token_comes:
        bench.first_token("q")
    bench.advance(2.0)
    bench.probe(place, alive=False)
    seen = {view.endpoint.id: view.health for view in bench.router.snapshot(bench.now_s).views}
    assert seen[place] is health


def generation_of(bench: Bench, endpoint_id: str) -> int:
    """The generation that events of this endpoint have to carry."""
    views = bench.router.snapshot(bench.now_s).views
    return next(view.generation for view in views if view.endpoint.id == endpoint_id)


def test_an_answered_probe_shows_an_endpoint_that_answers_no_query() -> None:
    """Where polls are rare because they are slow, the questions in between tell as much."""
    bench = Bench(fleet(endpoint("a", "coder"), endpoint("b", "coder")))
    place = bench.arrive(query("q", stream=True))
    assert place is not None
    bench.advance(60.0)
    bench.send(Unanswered(bench.now_s, place, generation_of(bench, place)))
    bench.probe(place, alive=True)
    seen = {view.endpoint.id: view.health for view in bench.router.snapshot(bench.now_s).views}
    assert seen[place] is Health.EJECTED
    assert [command.query_id for command in bench.cancelled] == ["q"]
