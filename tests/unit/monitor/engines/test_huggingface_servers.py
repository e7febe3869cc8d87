import pytest

from zeta_router.monitor.engines.protocol import ModelKind
from zeta_router.monitor.engines.tei import TEI
from zeta_router.monitor.engines.tgi import TGI

TGI_INFO = {
    "model_id": "mistralai/Mistral-7B",
    "max_concurrent_requests": 128,
    "max_total_tokens": 8192,
    "max_client_batch_size": 4,
    "docker_label": "sha-1",
    "version": "3.3.4",
}
TEI_INFO = {
    "model_id": "BAAI/bge-base-en",
    "model_type": {"embedding": {"pooling": "cls"}},
    "max_concurrent_requests": 512,
    "max_input_length": 512,
    "max_batch_requests": None,
    "max_client_batch_size": 32,
    "docker_label": "sha-2",
    "version": "1.7.1",
}


def test_the_two_are_told_apart(hold):
    assert hold(TGI().identify(), {"/info": TGI_INFO}).engine == "tgi"
    assert hold(TEI().identify(), {"/info": TEI_INFO}).engine == "tei"
    assert hold(TEI().identify(), {"/info": TGI_INFO}) is None


@pytest.mark.parametrize("info", [{"model_id": "x"}, {"version": "1"}, {"max_total_tokens": 1}, []])
def test_another_info_page_is_neither(hold, info):
    assert hold(TGI().identify(), {"/info": info}) is None
    assert hold(TEI().identify(), {"/info": info}) is None


def test_the_limit_of_requests_is_not_taken_for_slots(hold):
    """``max_concurrent_requests`` is where they answer 429, not what they work on."""
    assert hold(TGI().identify(), {"/info": TGI_INFO}).slots is None
    assert hold(TEI().identify(), {"/info": TEI_INFO}).slots is None
    assert hold(TGI().sample("m"), {"/info": TGI_INFO}).slots.value is None
    assert hold(TEI().sample("m"), {"/info": TEI_INFO}).slots.value is None


def test_context_of_tgi_is_its_token_budget(hold):
    (model,) = hold(TGI().identify(), {"/info": TGI_INFO}).models
    assert (model.context_tokens, model.kind) == (8192, ModelKind.CHAT)


@pytest.mark.parametrize(
    ("model_type", "kind"),
    [
        ({"embedding": {"pooling": "cls"}}, ModelKind.EMBEDDING),
        ({"reranker": {"id2label": {}}}, ModelKind.RERANK),
        ({"classifier": {}}, ModelKind.UNKNOWN),
        (None, ModelKind.UNKNOWN),
        ("embedding", ModelKind.UNKNOWN),
    ],
)
def test_kind_of_tei(hold, model_type, kind):
    (model,) = hold(TEI().identify(), {"/info": TEI_INFO | {"model_type": model_type}}).models
    assert model.kind is kind


def test_what_tei_works_on_is_not_made_up(hold):
    sample = hold(TEI().sample("m"), {"/info": TEI_INFO, "/metrics": "te_queue_size 3\n"})
    assert sample.running.value is None
    assert sample.waiting.value == 3


@pytest.mark.parametrize("adapter", [TGI(), TEI()])
@pytest.mark.parametrize(("status", "alive"), [(200, True), (503, False)])
def test_alive_is_what_health_says(hold, reply, adapter, status, alive):
    assert hold(adapter.probe("m"), {"/health": reply("", status)}) is alive
