import pytest

from zeta_router.monitor.engines.vllm import VLLM

LABELS = 'engine="0",model_name="m"'


def metrics(**values):
    return "".join(f"vllm:{name}{{{LABELS}}} {value}\n" for name, value in values.items())


def sample(hold, page, **more):
    return hold(VLLM().sample("m"), {"/metrics": page, **more})


@pytest.mark.parametrize("name", ["kv_cache_usage_perc", "gpu_cache_usage_perc"])
def test_the_kv_gauge_is_read_under_its_old_and_new_name(hold, name):
    read = sample(hold, metrics(**{name: 0.25}))
    assert (read.kv_used_ratio.value, read.kv_used_ratio.source) == (0.25, f"vllm:{name}")


def test_a_kv_gauge_under_a_third_name_is_absent_not_empty(hold):
    read = sample(hold, metrics(num_requests_running=1, kv_pool_usage=0.9))
    assert read.kv_used_ratio.value is None
    assert "vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc" in read.kv_used_ratio.source


def test_idle_is_a_reading_of_zero(hold):
    read = sample(hold, metrics(num_requests_running="0.0", num_requests_waiting="0.0"))
    assert (read.running.value, read.waiting.value) == (0.0, 0.0)


def test_slots_are_not_made_up(hold):
    read = sample(hold, metrics(num_requests_running=1))
    assert read.slots.value is None
    assert "max_num_seqs" in read.slots.source


def test_load_stands_in_for_metrics_that_are_missing(hold):
    read = hold(VLLM().sample("m"), {"/load": {"server_load": 5}})
    assert (read.running.value, read.running.source) == (5, "/load server_load")
    assert read.waiting.value is None


def test_a_load_of_zero_is_not_believed(hold):
    """It is also 0 when the server does not count at all."""
    read = hold(VLLM().sample("m"), {"/load": {"server_load": 0}})
    assert read.running.value is None


def test_load_is_not_asked_when_metrics_tell(hold):
    asked = []
    hold(VLLM().sample("m"), {"/metrics": metrics(num_requests_running=0)}, asked)
    assert "/load" not in asked


def test_memory_of_the_process_is_read(hold):
    read = sample(hold, metrics(num_requests_running=1) + "process_resident_memory_bytes 2.5e9\n")
    assert read.rss_bytes.value == 2.5e9


def test_two_names_of_one_model_are_one_model_and_adapters_are_more(hold):
    rows = [
        {"id": "gpt", "owned_by": "vllm", "root": "/w/qwen", "parent": None, "max_model_len": 8192},
        {"id": "qwen", "owned_by": "vllm", "root": "/w/qwen", "parent": None},
        {"id": "sql-lora", "owned_by": "vllm", "root": "/w/lora", "parent": "gpt"},
    ]
    identity = hold(VLLM().identify(), {"/v1/models": {"data": rows}})
    assert [model.name for model in identity.models] == ["gpt", "sql-lora"]
    assert identity.models[0].context_tokens == 8192


@pytest.mark.parametrize(("status", "alive"), [(200, True), (500, False), (503, False)])
def test_alive_is_what_health_says(hold, reply, status, alive):
    assert hold(VLLM().probe("m"), {"/health": reply("", status)}) is alive
