import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.monitor.engines import ADAPTERS, ENGINE_NAMES, adapter_of


def test_all_eight_engines_have_an_adapter_and_openai_is_tried_last():
    assert set(ENGINE_NAMES) == {
        "vllm", "sglang", "llamacpp", "ollama", "lmstudio", "tgi", "tei", "openai",
    }  # fmt: skip
    assert ENGINE_NAMES[-1] == "openai"
    assert len(set(ENGINE_NAMES)) == len(ADAPTERS)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ConfigError) as error:
        adapter_of("llama.cpp")
    assert "'llama.cpp'" in str(error.value)
    assert all(name in str(error.value) for name in ENGINE_NAMES)
