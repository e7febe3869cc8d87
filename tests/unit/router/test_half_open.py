"""A stream that hangs from before an ejection does not keep the endpoint from coming back."""

from __future__ import annotations

from support.bench import ERROR_500, OK, Bench
from support.fleets import endpoint, fleet, query
from zeta_router.control.ejection import BAD_IN_A_ROW, FIRST_S, GOOD_TO_CLOSE
from zeta_router.core.fleet import Limits
from zeta_router.core.snapshot import Health


def test_a_hanging_stream_is_not_the_one_query_of_a_half_open_circuit() -> None:
    ends = (endpoint("a", "coder", slots=8), endpoint("b", "coder", slots=8))
    bench = Bench(fleet(*ends, limits=Limits(queue=10, max_wait_s=60.0)))
    assert bench.arrive(query("hangs", stream=True)) == "a"
    bench.first_token("hangs")
    crowd = [bench.arrive(query(f"b{number}")) for number in range(8)]
    for number in range(8):
        bench.finish(f"b{number}", ERROR_500 if crowd[number] == "a" else OK)
    assert crowd.count("a") >= BAD_IN_A_ROW
    health = {view.endpoint.id: view.health for view in bench.router.snapshot(0.0).views}
    assert health["a"] is Health.EJECTED
    bench.advance(FIRST_S + 0.1)
    bench.probe("a", alive=True)
    for round_ in range(GOOD_TO_CLOSE):
        names = [f"c{round_}-{number}" for number in range(3)]
        places = [bench.arrive(query(name, at_s=bench.now_s)) for name in names]
        assert places.count("a") == 1, "one at a time, although another one hangs"
        for name in names:
            bench.finish(name)
    assert bench.in_flight() == {"a": 1, "b": retried(bench)}


def retried(bench: Bench) -> int:
    """Queries that failed on one endpoint and run on the other."""
    return sum(command.attempt > 1 for command in bench.running.values())
