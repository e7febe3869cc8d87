import pytest

from zeta_router.monitor.engines.protocol import ModelKind
from zeta_router.monitor.engines.sglang import SGLang

MODELS = {"data": [{"id": "m", "owned_by": "sglang", "max_model_len": 4096}]}
LOADS = {"loads": [{"num_running_reqs": 2, "num_waiting_reqs": 1, "token_usage": 0.5}]}
GET_LOAD = [{"dp_rank": 0, "num_reqs": 5, "num_waiting_reqs": 2, "num_tokens": 10}]
METRICS = "sglang:num_running_reqs 7\nsglang:num_queue_reqs 0\nsglang:full_token_usage 0.1\n"


def load_of(sample):
    return sample.running.value, sample.waiting.value, sample.kv_used_ratio.value


@pytest.mark.parametrize(
    ("answers", "load"),
    [
        ({"/v1/loads": LOADS, "/get_load": GET_LOAD, "/metrics": METRICS}, (2, 1, 0.5)),
        ({"/get_load": GET_LOAD, "/metrics": METRICS}, (3, 2, None)),
        ({"/metrics": METRICS}, (7, 0, 0.1)),
        ({}, (None, None, None)),
    ],
)
def test_the_first_address_that_answers_is_believed(hold, answers, load):
    assert load_of(hold(SGLang().sample("m"), answers)) == load


def test_costlier_addresses_are_not_asked_when_a_cheap_one_answers(hold):
    asked = []
    hold(SGLang().sample("m"), {"/v1/loads": LOADS}, asked)
    assert "/metrics" not in asked
    assert "/get_load" not in asked


def test_get_load_counts_waiting_requests_among_all(hold):
    wrong = [{"num_reqs": 1, "num_waiting_reqs": 2}]
    assert hold(SGLang().sample("m"), {"/get_load": wrong}).running.value is None


def test_older_addresses_tell_the_same(hold):
    answers = {
        "/v1/models": MODELS,
        "/get_server_info": {"max_running_requests": 24, "version": "0.4.9"},
        "/get_model_info": {"is_generation": False},
    }
    identity = hold(SGLang().identify(), answers)
    assert (identity.slots, identity.version) == (24, "0.4.9")
    assert identity.models[0].kind is ModelKind.EMBEDDING
    assert identity.models[0].context_tokens == 4096
    assert hold(SGLang().sample("m"), answers).slots.value == 24


def test_the_limit_in_force_wins_over_the_configured_one(hold):
    info = {
        "max_running_requests": 999,
        "internal_states": [{"effective_max_running_requests_per_dp": 16}] * 2,
    }
    assert hold(SGLang().sample("m"), {"/server_info": info}).slots.value == 32


def test_health_may_take_a_generation(hold):
    (ask,) = next(SGLang().probe("m"))
    assert ask.patience >= 3
