"""Attempts that the router gives up, because the engine shows no sign of life."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from support.gateways import Gateway, MovableLoop, gateway, on_loopback
from support.scripted import (
    STREAM_HEAD,
    ScriptedEngine,
    Step,
    chunk,
    delta,
    event,
    head,
    say_and_hang,
    spoken,
    stream,
    whole,
)
from zeta_router.core.outcome import Status
from zeta_router.router.commands import Cancel
from zeta_router.router.events import Unanswered

FIRST = event(delta("a", "coder"))
LOOPS = [MovableLoop, uvloop.new_event_loop]

UNBEGUN: dict[str, tuple[bool, Step]] = {
    "before the headers": (False, say_and_hang()),
    "before the headers of a stream": (True, say_and_hang()),
    "after the headers": (False, say_and_hang(head(content_length="100"))),
    "within the body": (False, say_and_hang(head(content_length="100") + b'{"a":')),
    "after the headers of a stream": (True, say_and_hang(STREAM_HEAD)),
}
"""How far the engine came while the client had nothing yet."""


def poll_unanswered(made: Gateway, endpoint_id: str) -> None:
    """A poll of the endpoint is not answered."""
    generation = made.view(endpoint_id).generation
    made.driver.submit(Unanswered(made.driver.clock(), endpoint_id, generation))


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("phase", UNBEGUN)
def test_another_endpoint_answers_and_the_connection_is_closed(phase: str, loop: type) -> None:
    streaming, step = UNBEGUN[phase]

    async def scenario() -> None:
        stuck = ScriptedEngine([step], alive=False)
        good = ScriptedEngine(otherwise=stream(spoken("a")) if streaming else whole())
        async with gateway(("bad", "coder", stuck), ("good", "coder", good)) as made:
            asking = asyncio.create_task(made.chat(stream=streaming))
            await made.until(lambda: stuck.asked)
            poll_unanswered(made, "bad")
            got = await asking
            assert (got.status, got.headers["x-zeta-endpoint"]) == (200, "good")
            assert [one.status for one in made.outcomes] == [Status.UPSTREAM_TIMEOUT, Status.OK]
            await made.until(lambda: stuck.left == 1)
            assert made.states()["bad"] == "ejected"

    on_loopback(scenario, loop)


def test_one_whose_client_has_a_part_goes_on() -> None:
    async def scenario() -> None:
        stuck = ScriptedEngine([say_and_hang(STREAM_HEAD + chunk(FIRST))], alive=False)
        good = ScriptedEngine(otherwise=stream(spoken("a")))
        async with gateway(("bad", "coder", stuck), ("good", "coder", good)) as made:
            reader, writer = await made.begin(stream=True)
            await reader.readuntil(b'"a"')
            poll_unanswered(made, "bad")
            await made.until(lambda: made.states()["bad"] == "ejected")
            assert made.in_flight() == {"bad": 1, "good": 0}
            assert made.outcomes == []
            writer.close()
            await made.until(lambda: made.outcomes)
            assert made.outcomes[0].status is Status.CLIENT_GONE

    on_loopback(scenario)


def test_giving_up_twice_or_too_late_changes_nothing() -> None:
    async def scenario() -> None:
        stuck = ScriptedEngine([say_and_hang()], alive=False)
        good = ScriptedEngine(otherwise=whole())
        async with gateway(("bad", "coder", stuck), ("good", "coder", good)) as made:
            asking = asyncio.create_task(made.chat())
            await made.until(lambda: stuck.asked)
            query_id = next(iter(made.driver._tickets))
            for attempt in (1, 1, 2, 7):
                made.driver._execute(Cancel(query_id, attempt))
            got = await asking
            assert got.headers["x-zeta-attempts"] == "2"
            made.driver._execute(Cancel(query_id, 2))

    on_loopback(scenario)
