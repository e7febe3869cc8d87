import pytest

from zeta_router.monitor.engines.protocol import ModelKind
from zeta_router.monitor.modelname import is_coder, is_reasoner, kind_in, params_b_in, short_name

SIZES = {
    "qwen2.5-coder:7b": 7,
    "Qwen/Qwen2.5-7B-Instruct": 7,
    "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf": 8,
    "SmolLM2-135M-Instruct.Q4_1.gguf": 0.135,
    "llama3.2:1b": 1,
    "qwen3:0.6b": 0.6,
    "deepseek-r1:1.5b": 1.5,
    "deepseek-r1:32b-qwen-distill-q4_K_M": 32,
    "mixtral:8x7b": 46.5,
    "mixtral-8x22b-instruct": 146.1,
    "gpt-oss:20b": 20,
    "google/gemma-4-26b-a4b": 26,
    "gemma3n:e4b": 4,
    "Qwen3-30B-A3B": 30,
    "Qwen_Qwen2.5_14B_Instruct": 14,
    "7.6B": 7.6,
    "26B-A4B": 26,
    "137M": 0.137,
    "reasoner-14b": 14,
    "small-4b": 4,
}


@pytest.mark.parametrize(("name", "params_b"), SIZES.items())
def test_reads_the_size_that_is_written(name, params_b):
    assert params_b_in(name) == pytest.approx(params_b)


@pytest.mark.parametrize(
    "name",
    [
        "phi-4", "gpt-4o", "llama3.3", "multilingual-e5-small-q4", "bge-m3", "model-4bit", "q4b2",
        "mistral-large-2411", "fp8", "", "0b", "nomic-embed-text-v1.5", "minimax-m2",
    ],
)  # fmt: skip
def test_makes_no_size_up(name):
    assert params_b_in(name) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nomic-embed-text:latest", ModelKind.EMBEDDING),
        ("mxbai-embed-large", ModelKind.EMBEDDING),
        ("multilingual-e5-small-q4", ModelKind.EMBEDDING),
        ("BAAI/bge-m3", ModelKind.EMBEDDING),
        ("thenlper/gte-base", ModelKind.EMBEDDING),
        ("all-minilm", ModelKind.EMBEDDING),
        ("Qwen3-Embedding-4B", ModelKind.EMBEDDING),
        ("BAAI/bge-reranker-v2-m3", ModelKind.RERANK),
        ("Qwen3-Reranker-0.6B", ModelKind.RERANK),
        ("cross-encoder/ms-marco-MiniLM-L-6-v2", ModelKind.RERANK),
        ("qwen2.5-coder:7b", ModelKind.CHAT),
        ("phi-4", ModelKind.CHAT),
        ("stage-e50", ModelKind.CHAT),
    ],
)
def test_tells_what_a_name_is_for(name, kind):
    assert kind_in(name) is kind


@pytest.mark.parametrize(
    ("name", "coder", "reasoner"),
    [
        ("qwen2.5-coder:7b", True, False),
        ("deepseek-coder-v2", True, False),
        ("codellama:13b", True, False),
        ("granite-code:8b", True, False),
        ("codestral", True, False),
        ("starcoder2:7b", True, False),
        ("deepseek-r1:14b", False, True),
        ("qwq:32b", False, True),
        ("Phi-4-reasoning", False, True),
        ("Qwen3-4B-Thinking-2507", False, True),
        ("reasoner-14b", False, True),
        ("llama3.1:8b", False, False),
        ("decoder-only-7b", True, False),
        ("mistral-r10", False, False),
    ],
)
def test_tells_who_was_made_for_what(name, coder, reasoner):
    assert (is_coder(name), is_reasoner(name)) == (coder, reasoner)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("/srv/models/SmolLM2-135M-Instruct.Q4_1.gguf", "SmolLM2-135M-Instruct.Q4_1"),
        ("C:\\models\\a.gguf", "a"),
        ("models/a.GGUF", "a"),
        ("Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen2.5-7B-Instruct"),
        ("qwen2.5-coder:7b", "qwen2.5-coder:7b"),
        (".gguf", ".gguf"),
        ("/", "/"),
    ],
)
def test_shortens_files_to_their_names(name, short):
    assert short_name(name) == short
