"""Written files: readable, and equal to the fleet they were written for."""

from __future__ import annotations

import string

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zeta_router.app.config import load_text
from zeta_router.app.config.quote import flow, text
from zeta_router.app.config.render import defaults, render_yaml
from zeta_router.app.config.scalars import resolve, substitute
from zeta_router.app.config.tree import Mapping, Scalar, Sequence, read_tree
from zeta_router.core.fleet import (
    Endpoint,
    FleetConfig,
    JointParams,
    Limits,
    Model,
    SimulatedSpeed,
)
from zeta_router.core.query import Capability, Slo, Task

FLEET = FleetConfig(
    models={
        "coder-7b": Model("coder-7b", {Task.SIMPLE: 0.7, Task.CODE: None}, 7.0, 32768),
        "e5": Model("e5", {Task.EMBEDDING: None}, embedding_space="e5-small"),
    },
    endpoints=(
        Endpoint("a", "http://127.0.0.1:8000", "coder-7b", "vllm", 16),
        Endpoint("b", "http://127.0.0.1:8001", "e5"),
    ),
    routes={Task.CODE: "coder-7b"},
    slo={Task.CODE: Slo(ttft_s=1.5)},
)


def load(content: str) -> FleetConfig:
    return load_text(content, source="f", environ={}).fleet


def test_a_written_file_reads_as_one_would_write_it() -> None:
    content = render_yaml(
        FLEET, header=["Written by zeta init."], notes={"b": "found on port 8001"}, schema="z.json"
    )
    lines = content.splitlines()
    assert lines[0] == "# yaml-language-server: $schema=z.json"
    assert lines[1] == "# Written by zeta init."
    bare = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    assert bare[:15] == [
        "listen: 127.0.0.1:8080",
        "models:",
        "  coder-7b:",
        "    tasks: {simple: 0.7, code: null}",
        "    params_b: 7",
        "    context_tokens: 32768",
        "  e5:",
        "    tasks: [embedding]",
        "    embedding_space: e5-small",
        "endpoints:",
        "  - id: a",
        "    url: http://127.0.0.1:8000",
        "    model: coder-7b",
        "    engine: vllm",
        "    slots: 16",
    ]
    assert "  # found on port 8001" in lines
    assert "    # api_key: ${NAME}" in lines
    assert max(len(line) for line in lines) <= 100
    assert load(content) == FLEET


def test_the_listen_address_is_written() -> None:
    config = load_text(render_yaml(FLEET, listen="[::1]:0"), source="f", environ={})
    assert str(config.listen) == "[::1]:0"


def test_comments_cannot_break_out() -> None:
    content = render_yaml(
        FLEET, header=["a\nlisten: x", "b\x00\u2028c"], notes={"a": "n\rpolicy: x"}
    )
    assert load(content) == FLEET


def test_a_fleet_without_routes_and_slo() -> None:
    plain = FleetConfig(FLEET.models, FLEET.endpoints)
    assert load(render_yaml(plain)) == plain


def test_the_defaults_are_those_of_an_empty_file() -> None:
    written = yaml.safe_load(defaults())
    assert written == {
        "limits": {
            "queue": 1000,
            "max_wait_s": 30,
            "attempts": 2,
            "stall_s": 60.0,
            "body_bytes": 33554432,
            "canary_ratio": 0.01,
            "prewarm": False,
            "hedge_ratio": 0.03,
            "head_s": 10,
            "body_stall_s": 10,
            "body_bytes_per_s": 500,
            "reader_stall_s": 60,
            "keep_alive_s": 75,
            "header_bytes": 8190,
            "header_count": 128,
        },
        "joint": {
            "eta": 0.2,
            "rho": 0.9,
            "floor": 0.02,
            "switch_cost": 0.03,
            "forecast_floor": 0.0,
        },
        "classifier": {
            "hard_called_simple": 1.25,
            "simple_called_hard": 1,
            "hard_swapped": 1,
            "embedder_below": 0.9,
            "embedder_wait_s": 0.05,
        },
        "log": {"path": "zeta.db", "keep_days": 30, "prompts": False},
        "learning": {"retrain_every_h": 24},
        "gateway": {"upstream": "auto", "without_keys": False},
    }
    usual = FleetConfig(FLEET.models, FLEET.endpoints)
    assert (usual.limits, usual.joint) == (Limits(), JointParams())


def test_every_commented_setting_is_valid_when_switched_on() -> None:
    content = render_yaml(FLEET)
    switched = []
    for line in content.splitlines():
        bare = line.lstrip()
        setting = bare.startswith("# ") and bare[2:].partition(":")[0].isidentifier()
        switched.append(line.replace("# ", "", 1) if setting else line)
    config = load_text("\n".join(switched), source="f", environ={"NAME": "key"})
    assert config.endpoints["a"].api_key is not None
    assert config.fleet == FLEET


NAME_CHARACTERS = string.ascii_letters + string.digits + "._:/@#&*!|>'\"%{}[],$?-~"
names = st.text(NAME_CHARACTERS, min_size=1, max_size=8).map(lambda name: "m" + name)
words = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
positive = st.floats(1e-6, 1e12)
maybe = st.none()
tasks = st.sets(st.sampled_from(Task), min_size=1)


@st.composite
def fleets(draw: st.DrawFn) -> FleetConfig:
    """Fleets of up to three models with an endpoint each, every field drawn."""
    models: dict[str, Model] = {}
    endpoints: list[Endpoint] = []
    for index, name in enumerate(draw(st.lists(names, min_size=1, max_size=3, unique=True))):
        models[name] = Model(
            name,
            {task: draw(maybe | st.floats(0, 1)) for task in draw(tasks)},
            draw(maybe | positive),
            draw(maybe | st.integers(1, 10**9)),
            "space",
            frozenset(draw(st.sets(st.sampled_from(Capability)))),
        )
        speed = SimulatedSpeed(draw(positive), draw(positive), draw(st.floats(0, 9)), index + 1)
        endpoints.append(
            Endpoint(
                f"e{index}",
                f"http://h{index}:{1000 + index}",
                name,
                draw(st.sampled_from(["auto", "vllm", "openai"])),
                draw(maybe | st.integers(1, 10**6)),
                draw(maybe | words),
                draw(maybe | st.just(speed)),
            )
        )
    return FleetConfig(
        models,
        tuple(endpoints),
        {task: name for name, model in models.items() for task in model.tasks},
        {task: Slo(draw(maybe | positive), None, draw(positive)) for task in draw(tasks)},
        draw(words),
        Limits(draw(st.integers(0, 10**6)), draw(st.floats(0, 1e6)), draw(st.integers(1, 10))),
        JointParams(draw(st.floats(0, 10)), draw(st.floats(0.01, 1)), draw(st.floats(0, 1))),
    )


@settings(max_examples=40, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(fleets())
def test_every_fleet_survives_being_written_and_read(fleet: FleetConfig) -> None:
    assert load(render_yaml(fleet)) == fleet


@settings(derandomize=True)
@given(st.text(st.characters(codec="utf-8")))
def test_a_text_is_the_same_text_for_every_reader(value: str) -> None:
    written = text(value)
    node = read_tree(f"[{written}]")
    assert isinstance(node, Sequence)
    item = node.items[0]
    assert isinstance(item, Scalar)
    assert substitute(item, {})[0] == value
    if item.plain:
        assert resolve(item.text) == value
    assert yaml.safe_load(f"[{written}]") == [value.replace("${", "$${")]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (7.0, "7"),
        (0.05, "0.05"),
        (1e-7, "1e-07"),
        ("plain", "plain"),
        ("http://h:1/x", "http://h:1/x"),
        ("yes", '"yes"'),
        ("7", '"7"'),
        ("1:30", '"1:30"'),
        ("1e3", '"1e3"'),
        ("", '""'),
        ("a: b", '"a: b"'),
        ("${A}", '"$${A}"'),
        ({"a": [1, "x y"]}, '{a: [1, "x y"]}'),
    ],
)
def test_values_on_one_line(value: object, written: str) -> None:
    assert flow(value) == written  # type: ignore[arg-type]


def test_a_mapping_keeps_its_order() -> None:
    root = read_tree(flow({"b": 1, "a": 2}))
    assert isinstance(root, Mapping)
    assert [key.text for key, _ in root.entries] == ["b", "a"]
