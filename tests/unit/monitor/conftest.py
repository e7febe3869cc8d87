"""Fixtures of the monitor's tests: recorded conversations, virtual time, engines on loopback."""

import asyncio
import json
import selectors

import aiohttp
import pytest
from aiohttp import web

from zeta_router.monitor.engines.protocol import Reply

AT_S = 100.0


def as_reply(value, status=200, **headers):
    """A reply from a document, a page or bytes."""
    if isinstance(value, Reply):
        return value
    body = value if isinstance(value, bytes) else None
    body = value.encode() if isinstance(value, str) else body
    return Reply(AT_S, status, json.dumps(value).encode() if body is None else body, headers)


@pytest.fixture
def reply():
    return as_reply


@pytest.fixture
def hold():
    """Holds a conversation with answers by path; unknown paths are 404. Notes what was asked."""

    def run(conversation, answers, asked=None):
        try:
            asks = next(conversation)
            while True:
                if asked is not None:
                    asked.extend(ask.path for ask in asks)
                asks = conversation.send(
                    tuple(
                        as_reply(answers[path])
                        if (path := ask.path.partition("?")[0]) in answers
                        else Reply(AT_S, 404)
                        for ask in asks
                    )
                )
        except StopIteration as end:
            return end.value

    return run


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: moves the loop's clock to the next timer instead."""

    def __init__(self):
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("deadlock: everything waits and no timer is set")
        self.now_s += max(0.0, timeout)
        return super().select(0)


@pytest.fixture
def virtual_run():
    """Runs a coroutine on a loop whose time jumps; 1,000 s of sleeping take no time."""

    def run(coroutine):
        selector = _JumpingSelector()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now_s
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(coroutine)

    return run


class Engine:
    """An engine on a loopback port that answers what it is told to."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.headers = []
        self.url = ""

    async def handle(self, request):
        self.asked.append(request.path)
        self.headers.append(request.headers)
        given = self.answers.get(request.path, Reply(0.0, 404))
        if callable(given):
            return await given(request)
        given = as_reply(given)
        return web.Response(status=given.status, body=given.body, headers=dict(given.headers))


@pytest.fixture
def with_engines():
    """Runs `scenario(session, *engines)` with one real server per dictionary of answers."""

    def run(scenario, *answers):
        async def main():
            engines = [Engine(one) for one in answers]
            runners = []
            try:
                for engine in engines:
                    app = web.Application()
                    app.router.add_route("*", "/{tail:.*}", engine.handle)
                    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
                    await runner.setup()
                    runners.append(runner)
                    site = web.TCPSite(runner, "127.0.0.1", 0)
                    await site.start()
                    engine.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
                async with aiohttp.ClientSession() as session:
                    return await scenario(session, *engines)
            finally:
                for runner in runners:
                    await runner.cleanup()

        return asyncio.run(main())

    return run
