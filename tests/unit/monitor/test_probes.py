import asyncio
import socket

import aiohttp
import pytest

from zeta_router.core.fleet import Endpoint
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.contact import Contacts
from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.probes import Prober
from zeta_router.router.events import Probed


@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False), (500, False)])
def test_answers_with_the_generation_that_was_asked_about(with_engines, status, alive):
    async def scenario(session, engine):
        prober = Prober(Contacts(EngineClient(session)), clock=lambda: 12.0)
        return await prober.probe(Endpoint("e", engine.url, "m", engine="vllm"), generation=3)

    probed = with_engines(scenario, {"/health": Reply(0, status)})
    assert probed == Probed(12.0, "e", 3, alive)


@pytest.mark.parametrize("engine", ["vllm", "auto"])
def test_where_nobody_listens_it_is_gone(engine):
    async def scenario():
        with socket.socket() as free:  # bound, and nobody listens
            free.bind(("127.0.0.1", 0))
            async with aiohttp.ClientSession() as session:
                prober = Prober(Contacts(EngineClient(session)), clock=lambda: 0.0)
                url = f"http://127.0.0.1:{free.getsockname()[1]}"
                return await prober.probe(Endpoint("e", url, "m", engine=engine), 1)

    assert asyncio.run(scenario()) == Probed(0.0, "e", 1, alive=False, gone=True)


def test_a_server_that_accepts_and_never_answers_is_not_alive(with_engines):
    async def hang(request):
        await asyncio.Event().wait()

    async def scenario(session, engine):
        contacts = Contacts(EngineClient(session, timeout_s=0.05))
        prober = Prober(contacts, clock=lambda: 0.0)
        return await prober.probe(Endpoint("e", engine.url, "m", engine="vllm"), generation=1)

    probed = with_engines(scenario, {"/health": hang})
    assert (probed.alive, probed.gone) == (False, False)
