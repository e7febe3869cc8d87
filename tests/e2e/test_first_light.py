"""What a user sees first: the official client, real engines, every kind of call."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from support.asking import ask, chat_body
from support.process import ZETA, Zeta, serving

pytestmark = pytest.mark.engines

CODE = "Write a Python function that merges two sorted lists"
PROOF = "Prove that the square root of 2 is irrational and explain each step"


@pytest.fixture
def client(embedded: Zeta) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{embedded.url}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_chat_streamed_and_not(client: openai.OpenAI) -> None:
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    whole = client.chat.completions.create(model="auto", messages=messages, max_tokens=12)  # type: ignore[call-overload]
    assert whole.choices[0].message.content
    assert whole.model == "small-4b"
    stream = client.chat.completions.create(  # type: ignore[call-overload]
        model="auto", messages=messages, max_tokens=12, stream=True
    )
    chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert {c.model for c in chunks} == {"small-4b"}


def test_completions_embeddings_and_models(client: openai.OpenAI) -> None:
    completion = client.completions.create(model="auto", prompt="Once upon a time", max_tokens=8)
    assert completion.choices[0].text
    embedding = client.embeddings.create(model="auto", input=["a cat", "a dog"])
    assert [len(row.embedding) for row in embedding.data] == [384, 384]
    assert embedding.model == "embedder-4b"
    names = {model.id for model in client.models.list()}
    assert {"auto", "auto:code", "small-4b", "coder-7b", "reasoner-14b", "embedder-4b"} <= names


@pytest.mark.parametrize(("text", "model"), [(CODE, "coder-7b"), (PROOF, "reasoner-14b")])
def test_headers_and_explanation_say_who_answered(embedded: Zeta, text: str, model: str) -> None:
    said = ask(f"{embedded.url}/v1/chat/completions", chat_body(text))
    assert said.status == 200
    assert said.headers["x-zeta-model"] == model
    assert said.headers["x-zeta-endpoint"] == model
    assert said.headers["x-zeta-reason"] == "route"
    assert float(said.headers["x-zeta-overhead-ms"]) < 1000
    told = ask(f"{embedded.url}/zeta/decisions/{said.headers['x-zeta-decision-id']}")
    assert told.status == 200
    assert model in json.dumps(told.json["decisions"])
    assert told.json["attempts"]


def test_an_embedding_goes_to_the_embedder_and_the_record_says_why_not_the_others(
    embedded: Zeta,
) -> None:
    said = ask(f"{embedded.url}/v1/embeddings", {"model": "auto", "input": "a cat"})
    assert said.headers["x-zeta-model"] == "embedder-4b"
    told = ask(f"{embedded.url}/zeta/decisions/{said.headers['x-zeta-decision-id']}").json
    dropped = {one["endpoint"]: one for one in told["decisions"][0]["dropped"]}
    assert dropped["coder-7b"]["reason"] == "other_embedding_space"
    assert "space" in dropped["coder-7b"]["sentence"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_text_equals_the_engine_s_own(
    embedded: Zeta, engines: dict[str, str], stream: bool
) -> None:
    body = chat_body(CODE, max_tokens=24, seed=1, cache_prompt=False, stream=stream)
    through = ask(f"{embedded.url}/v1/chat/completions", body)
    direct = ask(f"{engines['coder-7b']}/v1/chat/completions", {**body, "model": "coder-7b"})
    assert text_of(through.body, stream=stream) == text_of(direct.body, stream=stream)
    assert len(text_of(through.body, stream=stream)) > 20


def text_of(body: bytes, *, stream: bool) -> str:
    """The answer's text, from a whole body or from its events."""
    if not stream:
        text: str = json.loads(body)["choices"][0]["message"]["content"]
        return text
    events = [line[6:] for line in body.split(b"\n") if line.startswith(b"data: {")]
    choices = [choice for event in events for choice in json.loads(event)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def test_unknown_fields_pass_both_ways(embedded: Zeta) -> None:
    body = chat_body("Hi", timings_per_token=True, made_up_field={"deep": [1, 2]})
    said = ask(f"{embedded.url}/v1/chat/completions", body)
    assert said.status == 200
    assert said.json["timings"]["predicted_n"] >= 1


def test_a_stream_ends_with_done(embedded: Zeta) -> None:
    said = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi", stream=True))
    assert said.headers["content-type"].startswith("text/event-stream")
    assert said.body.rstrip().endswith(b"data: [DONE]")


def test_a_named_model_and_a_named_task(embedded: Zeta) -> None:
    pinned = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi", model="reasoner-14b"))
    assert pinned.headers["x-zeta-reason"] == "pinned"
    assert pinned.headers["x-zeta-model"] == "reasoner-14b"
    hinted = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi", model="auto:code"))
    assert hinted.headers["x-zeta-model"] == "coder-7b"


def test_a_dry_run_decides_and_sends_nothing(embedded: Zeta) -> None:
    before = ask(f"{embedded.url}/zeta/decisions").json["decisions"][0]["decision_id"]
    told = ask(f"{embedded.url}/v1/route", chat_body(PROOF))
    assert told.status == 200
    assert "reasoner-14b" in json.dumps(told.json["decisions"][0])
    assert ask(f"{embedded.url}/zeta/decisions").json["decisions"][0]["decision_id"] == before


def test_feedback_is_stored_once(embedded: Zeta) -> None:
    said = ask(f"{embedded.url}/v1/chat/completions", chat_body("Hi"))
    key = said.headers["x-zeta-decision-id"]
    feedback = f"{embedded.url}/v1/feedback"
    assert ask(feedback, {"decision_id": key, "thumbs": "up"}).status == 200
    assert ask(feedback, {"decision_id": key, "score": 0.0}).status == 409
    assert ask(feedback, {"decision_id": "zd-none-1", "score": 1}).status == 404
    assert ask(feedback, {"decision_id": key, "score": 1.5}).error["param"] == "score"
    told = ask(f"{embedded.url}/zeta/decisions/{key}").json
    assert told["feedback"]["score"] == 1.0


def test_health_ready_metrics_and_fleet(embedded: Zeta) -> None:
    assert ask(f"{embedded.url}/health").json["status"] == "ok"
    assert ask(f"{embedded.url}/ready").status == 200
    metrics = ask(f"{embedded.url}/metrics")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert b"zeta_requests_total{" in metrics.body
    fleet = ask(f"{embedded.url}/zeta/fleet").json
    assert [e["state"] for e in fleet["endpoints"]] == ["up"] * 4
    assert [e["slots"] for e in fleet["endpoints"]] == [4, 4, 4, 2]


def test_a_policy_is_named_where_no_file_names_one(tmp_path: Path) -> None:
    (tmp_path / "zeta.yaml").write_text("policy: static\n")
    done = subprocess.run(
        [*ZETA, "serve", "--policy", "joint"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert "write policy: joint there" in done.stderr
    with serving(tmp_path, "--embedded", "--policy", "joint") as zeta:
        assert ask(f"{zeta.url}/zeta/fleet").json["policy"] == "joint"
        assert ask(f"{zeta.url}/v1/chat/completions", chat_body(CODE)).status == 200
