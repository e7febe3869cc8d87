"""What outcomes teach of an endpoint's speed, through the router."""

from __future__ import annotations

import pytest

from support.bench import Bench
from support.fleets import fleet, query
from zeta_router.core.outcome import Outcome, Status

TPOT_S = 0.05


def outcome(ttft_s: float, decode_s: float, tokens: int) -> Outcome:
    return Outcome(Status.OK, True, ttft_s, ttft_s + decode_s, 50, tokens, http_status=200)


class Streams:
    """One endpoint and its answers, one at a time."""

    def __init__(self) -> None:
        self.bench = Bench(fleet())
        self.count = 0

    def answer(self, ttft_s: float, decode_s: float, tokens: int) -> None:
        bench, id_ = self.bench, f"q{self.count}"
        self.count += 1
        bench.advance(bench.now_s + 1.0)
        bench.arrive(query(id_, at_s=bench.now_s, model_requested="coder"))
        bench.advance(bench.now_s + ttft_s)
        bench.first_token(id_)
        bench.advance(bench.now_s + decode_s)
        bench.finish(id_, outcome(ttft_s, decode_s, tokens))

    def usual(self, count: int) -> None:
        for _ in range(count):
            self.answer(0.3, TPOT_S * 199, 200)

    @property
    def tpot_s(self) -> float:
        endpoints = self.bench.router._placement.fleet.endpoints.values()
        (state,) = [each for each in endpoints if each.model.name == "coder"]
        return state.latency.decode_s(1)


@pytest.mark.parametrize("warm", [0, 60])
def test_a_tool_call_that_comes_in_one_piece_says_nothing_of_the_pace(warm: int) -> None:
    """It did for thousands of answers: as good as no time between tokens weighs a million times."""
    streams = Streams()
    streams.usual(warm)
    for _ in range(20):
        streams.answer(9.0, 0.001, 200)
    streams.usual(40)
    assert streams.tpot_s == pytest.approx(TPOT_S, rel=0.3)


def test_an_engine_that_is_much_faster_than_thought_is_known_as_that() -> None:
    streams = Streams()
    streams.usual(20)
    for _ in range(60):
        streams.answer(0.05, 0.001 * 199, 200)
    assert streams.tpot_s == pytest.approx(0.001, rel=0.3)
