import asyncio
import json

import pytest
from aiohttp import web

from zeta_router.monitor.client import MISSING_FOR_S, EngineClient, Line, base_of
from zeta_router.monitor.engines.protocol import Ask, Reply


def one(ask):
    (reply,) = yield (ask,)
    return reply


def both(first, second):
    replies = yield (first, second)
    return replies


@pytest.mark.parametrize(
    "url",
    ["http://h:1", "http://h:1/", "http://h:1/v1", " http://h:1/v1/ ", "http://h:1//"],
)
def test_base_of_drops_slash_and_v1(url):
    assert base_of(url) == "http://h:1"


def test_base_of_keeps_a_path_of_its_own():
    assert base_of("http://h:1/engines/a/v1/") == "http://h:1/engines/a"


class TestFetch:
    def test_brings_status_headers_and_body(self, with_engines):
        async def scenario(session, engine):
            client = EngineClient(session, clock=lambda: 7.5)
            return await client.fetch(engine.url, Ask("/x"))

        reply = with_engines(scenario, {"/x": Reply(0, 503, b"no", {"Server": "llama.cpp"})})
        assert (reply.status, reply.body, reply.at_s) == (503, b"no", 7.5)
        assert reply.headers["server"] == "llama.cpp"
        assert reply.why == "HTTP 503"

    def test_posts_a_body_as_json_with_the_key(self, with_engines):
        seen = {}

        async def echo(request):
            seen["body"] = await request.json()
            seen["type"] = request.content_type
            seen["auth"] = request.headers.get("Authorization")
            return web.Response(text="{}")

        async def scenario(session, engine):
            ask = Ask("/api/show", "POST", json.dumps({"model": "m"}).encode())
            return await EngineClient(session).fetch(engine.url, ask, api_key="secret")

        assert with_engines(scenario, {"/api/show": echo}).ok
        assert seen == {
            "body": {"model": "m"},
            "type": "application/json",
            "auth": "Bearer secret",
        }

    def test_says_that_nobody_is_there(self, with_engines):
        async def scenario(session):
            return await EngineClient(session).fetch("http://127.0.0.1:1", Ask("/x"))

        reply = with_engines(scenario)
        assert reply.status == 0
        assert "127.0.0.1:1" in reply.why

    @pytest.mark.parametrize("url", ["http://[bad", "nonsense", "http://a b/", "ftp://h/"])
    def test_says_what_is_wrong_with_an_address(self, with_engines, url):
        async def scenario(session):
            return await EngineClient(session).fetch(url, Ask("/x"))

        reply = with_engines(scenario)
        assert reply.status == 0
        assert reply.problem

    def test_gives_up_on_one_that_never_answers(self, with_engines):
        async def hang(request):
            await asyncio.Event().wait()

        async def scenario(session, engine):
            client = EngineClient(session, timeout_s=0.05)
            return await client.fetch(engine.url, Ask("/x"))

        reply = with_engines(scenario, {"/x": hang})
        assert (reply.problem, reply.late) == ("no answer within 0.05 s", True)

    def test_gives_up_on_one_that_never_ends(self, with_engines):
        async def flood(request):
            response = web.StreamResponse()
            await response.prepare(request)
            while True:
                await response.write(b"x" * 10_000)

        async def scenario(session, engine):
            client = EngineClient(session, timeout_s=5.0, body_limit_bytes=50_000)
            return await client.fetch(engine.url, Ask("/x"))

        assert with_engines(scenario, {"/x": flood}).problem == "answer above 50000 bytes"

    def test_says_that_the_answer_was_cut(self, with_engines):
        async def cut(request):
            response = web.StreamResponse(headers={"Content-Length": "100"})
            await response.prepare(request)
            await response.write(b"half")
            request.transport.close()
            return response

        async def scenario(session, engine):
            return await EngineClient(session).fetch(engine.url, Ask("/x"))

        assert "Payload" in with_engines(scenario, {"/x": cut}).problem

    def test_does_not_follow_redirects(self, with_engines):
        async def scenario(session, engine):
            return await EngineClient(session).fetch(engine.url, Ask("/x"))

        answers = {"/x": Reply(0, 302, b"", {"Location": "/y"}), "/y": "found"}
        assert with_engines(scenario, answers).status == 302


class FakeClient:
    """Counts what is asked; answers from a dictionary."""

    def __init__(self, **statuses):
        self.now_s = 0.0
        self.statuses = statuses
        self.asked = []

    def clock(self):
        return self.now_s

    async def fetch(self, base_url, ask, api_key):
        self.asked.append(ask.path)
        status = self.statuses.get(ask.path.strip("/"), 200)
        return Reply(self.now_s, status, problem="" if status else "refused")


class TestLine:
    def test_answers_in_the_order_of_the_asks(self):
        line = Line(FakeClient(a=201, b=202), "http://h")
        replies = asyncio.run(line.hold(both(Ask("/a"), Ask("/b"))))
        assert [reply.status for reply in replies] == [201, 202]

    def test_asks_the_same_thing_once_in_a_turn(self):
        client = FakeClient()
        replies = asyncio.run(Line(client, "http://h").hold(both(Ask("/a"), Ask("/a"))))
        assert client.asked == ["/a"]
        assert replies[0] is replies[1]

    def test_does_not_ask_again_what_changes_seldom(self):
        client = FakeClient()
        line = Line(client, "http://h")
        for now_s in (0.0, 9.9, 10.0):
            client.now_s = now_s
            asyncio.run(line.hold(one(Ask("/a", every_s=10.0))))
        assert client.asked == ["/a", "/a"]

    def test_a_remembered_answer_keeps_its_date(self):
        client = FakeClient()
        line = Line(client, "http://h")
        asyncio.run(line.hold(one(Ask("/a", every_s=10.0))))
        client.now_s = 5.0
        assert asyncio.run(line.hold(one(Ask("/a", every_s=10.0)))).at_s == 0.0

    @pytest.mark.parametrize("status", [404, 405, 501])
    def test_leaves_an_address_that_is_not_there_alone_for_a_while(self, status):
        client = FakeClient(metrics=status)
        line = Line(client, "http://h")
        for now_s in (0.0, MISSING_FOR_S - 0.1, MISSING_FOR_S):
            client.now_s = now_s
            assert asyncio.run(line.hold(one(Ask("/metrics")))).status == status
        assert len(client.asked) == 2

    def test_asks_always_what_is_always_to_be_asked(self):
        client = FakeClient(health=404)
        line = Line(client, "http://h")
        for _ in range(3):
            asyncio.run(line.hold(one(Ask("/health", every_s=10.0, always=True))))
        assert len(client.asked) == 3

    @pytest.mark.parametrize("status", [0, 429, 500, 503])
    def test_asks_again_after_a_failure(self, status):
        client = FakeClient(a=status)
        line = Line(client, "http://h")
        for _ in range(3):
            asyncio.run(line.hold(one(Ask("/a", every_s=10.0))))
        assert len(client.asked) == 3

    def test_knows_whether_it_got_through(self):
        client = FakeClient(a=0)
        line = Line(client, "http://h")
        assert not line.reached
        asyncio.run(line.hold(one(Ask("/a"))))
        assert (line.reached, line.problem) == (False, "refused")
        asyncio.run(line.hold(both(Ask("/a"), Ask("/b"))))
        assert (line.reached, line.problem) == (True, "")

    def test_an_error_answer_is_still_somebody(self):
        line = Line(FakeClient(a=500), "http://h")
        asyncio.run(line.hold(one(Ask("/a"))))
        assert line.reached

    def test_forgets_on_demand(self):
        client = FakeClient()
        line = Line(client, "http://h")
        asyncio.run(line.hold(one(Ask("/a", every_s=10.0))))
        line.forget()
        asyncio.run(line.hold(one(Ask("/a", every_s=10.0))))
        assert len(client.asked) == 2

    def test_cancellation_passes_through(self, with_engines):
        arrived = asyncio.Event()

        async def hang(request):
            arrived.set()
            await asyncio.Event().wait()

        async def scenario(session, engine):
            line = Line(EngineClient(session, timeout_s=30.0), engine.url)
            task = asyncio.create_task(line.hold(one(Ask("/x"))))
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return task.cancelled()

        assert with_engines(scenario, {"/x": hang})
