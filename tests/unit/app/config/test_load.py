"""The loader from outside: files in, configurations or every problem out."""

from __future__ import annotations

from pathlib import Path

import pytest

from zeta_router.app.config import (
    ClassifierSettings,
    ConfigErrors,
    LoadedConfig,
    Problem,
    Resources,
    Secret,
)
from zeta_router.app.config.load import load_file, load_text
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, JointParams, Limits, Model, SimulatedSpeed
from zeta_router.core.query import GENERATIVE_TASKS, Capability, Slo, Task
from zeta_router.learn.task.protocol import TaskCosts

DESIGN = Path(__file__).with_name("design.yaml").read_text()

SMALL = """\
models:
  m: {tasks: [simple, code, reasoning]}
endpoints:
  - {id: a, url: "http://127.0.0.1:9001", model: m}
"""

FULL = """\
listen: "[::1]:9090"
models:
  coder: {tasks: {simple: 0.7, code: null}, params_b: 7, context_tokens: 8192, lacks: [vision]}
  e5: {tasks: [embedding], embedding_space: e5}
endpoints:
  - id: a
    url: https://gpu.example/engine/
    model: coder
    engine: vllm
    slots: 16
    resources: {node_exporter: "http://gpu.example:9100", dcgm: "http://gpu.example:9400"}
    upstream_model: Qwen/Coder
    api_key: ${VLLM_KEY}
    simulate: {prefill_tokens_per_s: 8000, step_s: 0.013, step_per_seq_s: 0.0004, slots: 32}
  - {id: b, url: "http://127.0.0.1:9002", model: e5, resources: none}
routes: {embedding: e5}
slo: {simple: {ttft_s: 1, tpot_s: 5e-2, e2e_s: 4}}
policy: p2c
limits: {queue: 10, max_wait_s: 2.5, body_bytes: 4096, attempts: 3}
joint: {eta: 0.1, rho: 0.9, floor: 0}
log: {path: logs/z.db, keep_days: 0.5, prompts: true}
classifier: {weights: w.npz, hard_called_simple: 3, simple_called_hard: 0, hard_swapped: 0.5,
  embedder_head: h.npz, embedder_below: 0.8, embedder_wait_s: 0.02}
otel: {endpoint: "http://127.0.0.1:4318"}
"""


def load(text: str, policies: list[str] | None = None, **environ: str) -> LoadedConfig:
    return load_text(text, source="zeta.yaml", environ=environ, policies=policies)


def problems(text: str, policies: list[str] | None = None, **environ: str) -> list[Problem]:
    with pytest.raises(ConfigErrors) as caught:
        load(text, policies, **environ)
    return list(caught.value.problems)


def only(text: str, policies: list[str] | None = None, **environ: str) -> Problem:
    found = problems(text, policies, **environ)
    assert len(found) == 1, found
    return found[0]


def line(problem: Problem) -> int | None:
    return problem.place.line if problem.place else None


def test_the_example_of_the_design_loads() -> None:
    config = load(DESIGN, policies=["joint"])
    assert str(config.listen) == "127.0.0.1:8080"
    assert config.fleet.routes[Task.REASONING] == "reasoner-14b"
    assert config.fleet.models["embedder-4b"].embedding_space == "e5-small-384"
    assert config.fleet.slo[Task.EMBEDDING] == Slo(e2e_s=0.5)
    assert config.body_bytes == 33554432
    assert config.log.path == "zeta.db"
    assert not config.log.prompts


def test_what_is_left_out_takes_its_default() -> None:
    config = load(SMALL)
    assert config.fleet.limits == Limits()
    assert config.fleet.joint == JointParams()
    assert config.fleet.policy == "static"
    assert config.fleet.endpoints == (Endpoint("a", "http://127.0.0.1:9001", "m"),)
    assert config.fleet.models["m"].tasks == dict.fromkeys(GENERATIVE_TASKS)
    assert config.endpoints["a"].resources == Resources(local=True)
    assert config.endpoints["a"].api_key is None
    assert config.warnings == ()


def test_every_key_reaches_the_configuration() -> None:
    config = load(FULL, VLLM_KEY="12345")
    fleet = config.fleet
    assert (config.listen.host, config.listen.port) == ("::1", 9090)
    assert str(config.listen) == "[::1]:9090"
    assert fleet.models["coder"] == Model(
        "coder",
        {Task.SIMPLE: 0.7, Task.CODE: None},
        params_b=7.0,
        context_tokens=8192,
        lacks=frozenset({Capability.VISION}),
    )
    assert fleet.endpoints[0] == Endpoint(
        id="a",
        url="https://gpu.example/engine",
        model="coder",
        engine="vllm",
        slots=16,
        upstream_model="Qwen/Coder",
        simulate=SimulatedSpeed(8000, 0.013, 0.0004, 32),
    )
    a, b = config.endpoints["a"], config.endpoints["b"]
    assert a.resources == Resources(False, "http://gpu.example:9100", "http://gpu.example:9400")
    assert a.api_key == Secret("12345")
    assert b.resources == Resources(local=False)
    assert fleet.slo == {Task.SIMPLE: Slo(1, 0.05, 4)}
    assert fleet.policy == "p2c"
    assert fleet.limits == Limits(10, 2.5, 3)
    assert fleet.joint == JointParams(0.1, 0.9, 0.0)
    assert config.body_bytes == 4096
    assert config.classifier == ClassifierSettings(
        "w.npz", TaskCosts(3.0, 0.0, 0.5), "h.npz", embedder_below=0.8, embedder_wait_s=0.02
    )
    assert (config.log.path, config.log.keep_days, config.log.prompts) == ("logs/z.db", 0.5, True)
    assert config.otel_endpoint == "http://127.0.0.1:4318"


def test_a_secret_is_never_printed() -> None:
    config = load(FULL, VLLM_KEY="hunter2")
    assert "hunter2" not in repr(config)
    key = config.endpoints["a"].api_key
    assert key is not None
    assert key.reveal() == "hunter2"
    broken = FULL.replace("${VLLM_KEY}", '"${VLLM_KEY}\\t"').replace("rho: 0.9", "rho: 9")
    found = problems(broken, VLLM_KEY="hunter2")
    assert [p.path for p in found] == ["endpoints[0].api_key", "joint.rho"]
    assert "hunter2" not in repr(found)


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = """\
listen: 8080
modles: {}
models:
  coder-7b: {tasks: {simple: 1.7}, params_b: "7", slots: 3}
  good: {tasks: [code]}
endpoints:
  - {id: a, url: "localhost:8000", model: good}
  - {id: b, url: "http://h", model: goood}
policy: jont
log: {prompts: yes}
"""
    found = problems(text, policies=["joint", "static"])
    assert [(line(p), p.path) for p in found] == [
        (1, "listen"),
        (2, "modles"),
        (4, "models.coder-7b.tasks.simple"),
        (4, "models.coder-7b.params_b"),
        (4, "models.coder-7b.slots"),
        (7, "endpoints[0].url"),
        (8, "endpoints[1].model"),
        (9, "policy"),
        (10, "log.prompts"),
    ]
    assert [p.hint for p in found if p.path in {"modles", "policy", "endpoints[1].model"}] == [
        "did you mean models?",
        "did you mean good?",
        "did you mean joint?",
    ]


def test_the_error_is_a_config_error_that_reads_like_a_compiler() -> None:
    with pytest.raises(ConfigError) as caught:
        load(SMALL.replace("model: m}", "model: x, slots: 0}"))
    assert caught.value.path == "endpoints[0].model"
    assert str(caught.value).splitlines() == [
        "zeta.yaml:4:50: endpoints[0].model: 'x' is not one of models (models: m)",
        "zeta.yaml:4:60: endpoints[0].slots: found 0, expected a number of at least 1",
    ]


def test_a_missing_file_is_an_error_with_a_way_on(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load_file(tmp_path / "zeta.yaml", {})
    assert "No such file" in str(caught.value)
    assert "zeta init" in caught.value.hint


def test_a_file_is_read_as_utf_8_with_or_without_mark(tmp_path: Path) -> None:
    path = tmp_path / "zeta.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
    config = load_file(path, {})
    assert config.source == str(path)
    path.write_bytes(SMALL.encode() + b"# caf\xe9\n")
    with pytest.raises(ConfigErrors) as caught:
        load_file(path, {})
    problem = caught.value.problems[0]
    assert "UTF-8" in problem.problem
    assert line(problem) == 5


def test_a_file_longer_than_the_bound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "zeta.yaml"
    path.write_text(SMALL + "#" + "é" * (1 << 20))
    with pytest.raises(ConfigErrors, match="longer than"):
        load_file(path, {})
