import pytest

from zeta_router.monitor.engines.openai import OpenAIServer


def test_lists_models_with_a_context_under_any_known_name(hold):
    rows = [
        {"id": "a", "max_model_len": 4096},
        {"id": "b", "context_length": 8192},
        {"id": "c", "context_window": "large"},
        {"name": "no id"},
        {"id": ""},
    ]
    identity = hold(OpenAIServer().identify(), {"/v1/models": {"object": "list", "data": rows}})
    assert [(model.name, model.context_tokens) for model in identity.models] == [
        ("a", 4096),
        ("b", 8192),
        ("c", None),
    ]


@pytest.mark.parametrize("listed", [{"data": []}, {"data": None}, {"models": [{"id": "a"}]}, []])
def test_no_list_is_no_server(hold, listed):
    assert hold(OpenAIServer().identify(), {"/v1/models": listed}) is None


@pytest.mark.parametrize(
    ("status", "alive"),
    [(200, True), (401, True), (404, True), (429, True), (500, False), (503, False), (0, False)],
)
def test_alive_is_whoever_answers_without_a_server_error(hold, reply, status, alive):
    assert hold(OpenAIServer().probe("m"), {"/v1/models": reply("{}", status)}) is alive


def test_no_load_signal_is_made_up(hold):
    sample = hold(OpenAIServer().sample("m"), {"/v1/models": {"data": [{"id": "m"}]}})
    for signal in (sample.slots, sample.running, sample.waiting, sample.kv_used_ratio):
        assert signal.value is None
        assert "does not tell" in signal.source
