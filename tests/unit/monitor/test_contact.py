import asyncio

import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import Operation
from zeta_router.monitor.contact import Contact, Contacts
from zeta_router.monitor.engines.protocol import Reply
from zeta_router.monitor.small_call import LOAD_PATIENCE, PATIENCE

VLLM = {
    "/v1/models": b'{"data":[{"id":"m","owned_by":"vllm"}]}',
    "/metrics": b"vllm:num_requests_running 3\n",
    "/health": b"",
}
OPENAI = {"/v1/models": b'{"data":[{"id":"m","owned_by":"somebody"}]}'}


class FakeClient:
    """One engine that can be exchanged or switched off."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = []
        self.now_s = 0.0

    def clock(self):
        return self.now_s

    async def fetch(self, base_url, ask, api_key):
        self.asked.append(ask.path)
        if self.answers is None:
            return Reply(self.now_s, problem="refused")
        body = self.answers.get(ask.path.partition("?")[0])
        return Reply(self.now_s, 404 if body is None else 200, body or b"")


def contact_of(client, engine="auto", **more):
    return Contact(client, Endpoint("e", "http://h:1", "m", engine=engine, **more))


def test_finds_out_who_it_is_at_the_first_contact():
    client = FakeClient(VLLM)
    contact = contact_of(client)
    assert contact.engine is None
    sample = asyncio.run(contact.sample())
    assert contact.engine == "vllm"
    assert sample.running.value == 3


def test_does_not_find_out_twice():
    client = FakeClient(VLLM)
    contact = contact_of(client)
    asyncio.run(contact.sample())
    client.asked.clear()
    asyncio.run(contact.sample())
    assert client.asked == ["/metrics"]


def test_a_probe_finds_out_for_the_polls():
    client = FakeClient(VLLM)
    contact = contact_of(client)
    assert asyncio.run(contact.probe())
    assert contact.engine == "vllm"


def test_takes_the_configured_engine_at_its_word():
    client = FakeClient(OPENAI)
    contact = contact_of(client, engine="llamacpp")
    asyncio.run(contact.sample())
    assert contact.engine == "llamacpp"
    assert not any(path.startswith("/api/") for path in client.asked)


def test_refuses_an_engine_that_there_is_not():
    with pytest.raises(ConfigError, match=r"vlm.*known: auto, llamacpp, vllm"):
        contact_of(FakeClient(VLLM), engine="vlm")


def test_nobody_there_is_no_sample_and_not_alive():
    contact = contact_of(FakeClient(None))
    assert asyncio.run(contact.sample()) is None
    assert asyncio.run(contact.probe()) is False
    assert contact.problem == "refused"


def test_nobody_there_is_asked_one_thing_only():
    client = FakeClient(None)
    asyncio.run(contact_of(client).sample())
    assert len(client.asked) == 1


def test_an_unknown_server_is_said_to_be_one():
    contact = contact_of(FakeClient({"/": b"welcome"}))
    assert asyncio.run(contact.sample()) is None
    assert contact.problem == "answers, but is none of the known engines"


@pytest.mark.parametrize("ask", ["sample", "probe"])
def test_whoever_comes_back_may_be_somebody_else(ask):
    client = FakeClient(VLLM)
    contact = contact_of(client)
    asyncio.run(contact.sample())
    client.answers = None
    asyncio.run(getattr(contact, ask)())
    client.answers = OPENAI
    assert asyncio.run(contact.sample()) is not None
    assert contact.engine == "openai"


def test_a_configured_engine_stays_when_it_was_gone():
    client = FakeClient(None)
    contact = contact_of(client, engine="vllm")
    asyncio.run(contact.sample())
    client.answers = VLLM
    assert asyncio.run(contact.sample()).running.value == 3


def test_a_probe_that_succeeds_after_a_loss_is_noted_until_the_next_sample():
    client = FakeClient(VLLM)
    contact = contact_of(client)
    asyncio.run(contact.sample())
    client.answers = None
    asyncio.run(contact.sample())
    assert not contact.came_back
    client.answers = VLLM
    asyncio.run(contact.probe())
    assert contact.came_back
    asyncio.run(contact.sample())
    assert not contact.came_back


class ProxyClient(FakeClient):
    """A proxy before an engine that is not there."""

    def __init__(self, status):
        super().__init__(VLLM)
        self.status = status

    async def fetch(self, base_url, ask, api_key):
        if self.status == 200:
            return await super().fetch(base_url, ask, api_key)
        return Reply(self.now_s, self.status, b"<html>Bad Gateway</html>")


@pytest.mark.parametrize(("status", "gone"), [(502, True), (504, False)])
def test_a_proxy_that_finds_nobody_is_no_engine(status, gone):
    client = ProxyClient(200)
    contact = contact_of(client)
    assert asyncio.run(contact.sample()).running.value == 3
    client.status = status
    assert asyncio.run(contact.sample()) is None
    assert not asyncio.run(contact.probe())
    assert (contact.gone, contact.problem) == (gone, f"HTTP {status}")
    client.status, client.answers = 200, OPENAI
    assert asyncio.run(contact.probe())
    assert contact.came_back
    assert contact.engine == "openai"


class BusyClient(FakeClient):
    """An engine that lives and has no time to tell its load."""

    async def fetch(self, base_url, ask, api_key):
        if ask.path == "/health":
            return await super().fetch(base_url, ask, api_key)
        return Reply(self.now_s, problem="no answer within 1 s", late=True)


def test_an_engine_too_busy_to_tell_its_load_was_not_lost():
    contact = contact_of(BusyClient(VLLM), engine="vllm")
    for _ in range(3):
        assert asyncio.run(contact.sample()) is None
        assert asyncio.run(contact.probe())
        assert not contact.came_back


def test_one_that_did_not_answer_a_probe_either_was_lost():
    client = BusyClient(VLLM)
    contact = contact_of(client, engine="vllm")
    client.answers = None
    assert asyncio.run(contact.sample()) is None
    assert not asyncio.run(contact.probe())
    client.answers = VLLM
    assert asyncio.run(contact.probe())
    assert contact.came_back


def test_a_loading_engine_is_known_but_not_alive():
    class Loading(FakeClient):
        async def fetch(self, base_url, ask, api_key):
            return Reply(0.0, 503, b"{}", {"server": "llama.cpp"})

    contact = contact_of(Loading({}))
    assert asyncio.run(contact.probe()) is False
    assert contact.engine == "llamacpp"


def test_asks_for_the_model_by_the_engines_name():
    client = FakeClient({"/slots": b"[]"})
    contact = contact_of(client, engine="llamacpp", upstream_model="a/b c.gguf")
    asyncio.run(contact.sample())
    assert "/metrics?model=a%2Fb+c.gguf&autoload=false" in client.asked


GGUF = b'{"data":[{"id":"/models/gemma-4b.Q4.gguf","owned_by":"llamacpp"}]}'
ROUTER = (
    b'{"data":[{"id":"m","owned_by":"llamacpp","status":{"value":"unloaded"}},'
    b'{"id":"other","owned_by":"llamacpp","status":{"value":"loaded"}}]}'
)
E5 = b'{"model_id":"intfloat/multilingual-e5-small","model_type":{"embedding":{}}}'


@pytest.mark.parametrize(
    ("engine", "answers"),
    [("llamacpp", {"/v1/models": GGUF}), ("tei", {"/info": E5}), ("vllm", VLLM)],
)
def test_a_server_of_one_model_under_another_name_does_not_say_that_ours_is_missing(
    engine, answers
):
    endpoint = Endpoint("e", "http://h:1", "gemma-4b", engine=engine)
    sample = asyncio.run(Contact(FakeClient(answers), endpoint).sample())
    assert sample.models
    assert sample.resident is None


def test_a_model_that_is_listed_and_not_loaded_is_missing():
    sample = asyncio.run(contact_of(FakeClient({"/v1/models": ROUTER}), "llamacpp").sample())
    assert sample.resident == ("other",)


@pytest.mark.parametrize(
    ("listed", "loaded"),
    [('{"name":"m:latest"},{"name":"x:1b"}', "x:1b"), ('{"name":"x:1b"}', "")],
)
def test_what_is_not_in_memory_is_missing_on_ollama(listed, loaded):
    running = f'{{"name":"{loaded}"}}' if loaded else ""
    answers = {
        "/api/tags": f'{{"models":[{listed}]}}'.encode(),
        "/api/ps": f'{{"models":[{running}]}}'.encode(),
    }
    sample = asyncio.run(contact_of(FakeClient(answers), "ollama").sample())
    assert sample.resident == ((loaded,) if loaded else ())


class LoadingClient(FakeClient):
    """An Ollama that loads its model for as long as a call waits for it."""

    def __init__(self, loaded):
        names = b'{"name":"m"}' if loaded else b""
        listed = b'{"models":[{"name":"m"}]}'
        super().__init__({"/api/tags": listed, "/api/ps": b'{"models":[%s]}' % names})
        self.patience = []
        self.loaded = asyncio.Event()

    async def fetch(self, base_url, ask, api_key):
        if not ask.path.startswith("/v1/"):
            return await super().fetch(base_url, ask, api_key)
        self.patience.append(ask.patience)
        await self.loaded.wait()
        return Reply(self.now_s, 200, b'{"choices":[{"message":{"content":"ok"}}]}')


def test_a_call_that_loads_the_model_is_given_the_time_and_not_repeated():
    async def main():
        client = LoadingClient(loaded=False)
        contact = contact_of(client, engine="ollama")
        await contact.sample()
        loading = asyncio.create_task(contact.answers(Operation.CHAT))
        await asyncio.sleep(0)
        assert await contact.answers(Operation.CHAT) is False
        client.loaded.set()
        assert await loading is True
        assert await contact.answers(Operation.CHAT) is True
        assert client.patience == [LOAD_PATIENCE, LOAD_PATIENCE]

    asyncio.run(main())


def test_a_model_in_memory_answers_soon_or_is_not_fit():
    async def main():
        client = LoadingClient(loaded=True)
        client.loaded.set()
        contact = contact_of(client, engine="ollama")
        await contact.sample()
        assert await contact.answers(Operation.CHAT)
        assert client.patience == [PATIENCE]

    asyncio.run(main())


class TestContacts:
    def test_one_endpoint_has_one_contact(self):
        contacts = Contacts(FakeClient(VLLM))
        endpoint = Endpoint("e", "http://h:1", "m")
        assert contacts.of(endpoint) is contacts.of(Endpoint("e", "http://h:1", "m"))

    def test_a_changed_endpoint_is_met_anew(self):
        contacts = Contacts(FakeClient(VLLM))
        old = contacts.of(Endpoint("e", "http://h:1", "m"))
        assert contacts.of(Endpoint("e", "http://h:2", "m")) is not old

    def test_asks_with_the_key_of_the_endpoint(self):
        class Keyed(FakeClient):
            async def fetch(self, base_url, ask, api_key):
                self.asked.append(api_key)
                return Reply(0.0, 200)

        client = Keyed({})
        contacts = Contacts(client, key_of={"e": "secret"}.get)
        asyncio.run(contacts.of(Endpoint("e", "http://h:1", "m", engine="tei")).probe())
        asyncio.run(contacts.of(Endpoint("f", "http://h:1", "m", engine="tei")).probe())
        assert client.asked == ["secret", None]

    def test_a_new_key_is_met_anew(self):
        keys = {"e": "old"}
        contacts = Contacts(FakeClient(VLLM), key_of=keys.get)
        endpoint = Endpoint("e", "http://h:1", "m")
        old = contacts.of(endpoint)
        assert contacts.of(endpoint) is old
        keys["e"] = "new"
        assert contacts.of(endpoint) is not old

    def test_keeps_only_those_it_is_told_to(self):
        contacts = Contacts(FakeClient(VLLM))
        a, b = Endpoint("a", "http://h:1", "m"), Endpoint("b", "http://h:2", "m")
        contact_a, contact_b = contacts.of(a), contacts.of(b)
        contacts.keep({"a"})
        assert contacts.of(a) is contact_a
        assert contacts.of(b) is not contact_b
