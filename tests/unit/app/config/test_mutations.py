"""Whatever is done to a valid file: it loads, or it is refused with places that exist."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zeta_router.app.config import ConfigErrors, load_text
from zeta_router.app.config.report import Problem, path_text
from zeta_router.app.config.scalars import resolve
from zeta_router.app.config.schema import json_schema
from zeta_router.app.config.tree import BadYaml, Mapping, Node, Scalar, read_tree

DESIGN = (Path(__file__).parent / "design.yaml").read_text()
FULL = """\
listen: 127.0.0.1:9090
models:
  coder: {tasks: {simple: 0.7, code: null}, params_b: 7, context_tokens: 8192, lacks: [vision]}
  e5: {tasks: [embedding], embedding_space: e5}
endpoints:
  - id: a
    url: https://gpu.example/engine/
    model: coder
    engine: vllm
    slots: 16
    resources: {node_exporter: "http://gpu.example:9100"}
    api_key: secret
    simulate: {prefill_tokens_per_s: 8000, step_s: 0.013, step_per_seq_s: 0.0004, slots: 32}
  - {id: b, url: "http://127.0.0.1:9002", model: e5, resources: none}
routes: {embedding: e5}
slo: {simple: {ttft_s: 1, tpot_s: 5e-2}}
limits: {queue: 10}
log: {path: z.db, prompts: true}
"""
SCHEMA = jsonschema.Draft202012Validator(json_schema())
RELAXED = settings(
    derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150
)

texts = st.sampled_from([DESIGN, FULL])
snippets = st.sampled_from(
    [*"{}[]:,-#&*!|>'\"%@`$?~\t\n ", "${", "${X}", "${X:-1}", "null", "true", "-1", "1e999", "a: b"]
) | st.text(max_size=4)


@st.composite
def scarred(draw: st.DrawFn) -> str:
    """A valid text with one or two pieces cut out, replaced or put in."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 2))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from([0, 0, 1, 1, 5, 40])))
        text = text[:start] + draw(snippets) + text[end:]
    return text


def write(node: Node) -> Any:
    if isinstance(node, Scalar):
        return resolve(node.text) if node.plain else node.text
    if isinstance(node, Mapping):
        return {key.text: write(value) for key, value in node.entries}
    return [write(item) for item in node.items]


leaves: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 40),
    st.floats(-1, 2),
    st.sampled_from(["auto", "none", "m", "coder", "e5", "simple", "vllm", "", " ", "http://h:1"]),
    st.just([]),
    st.just({}),
    st.just(["simple"]),
    st.just({"simple": 0.5}),
)


new_keys = st.sampled_from(["model", "slots", "url", "x y", "code"])


@st.composite
def replaced(draw: st.DrawFn) -> Any:
    """The data of a valid file with one or two values replaced, now and then a key."""
    data = write(read_tree(draw(texts)))
    for _ in range(draw(st.integers(1, 2))):
        places = [(part, key) for part in parts(data) for key in keys(part)]
        if draw(st.integers(0, 3)):
            places = [(part, key) for part, key in places if not isinstance(part[key], dict | list)]
        parent, key = draw(st.sampled_from(places))
        if isinstance(parent, dict) and not draw(st.integers(0, 5)):
            parent[draw(new_keys)] = parent.pop(key)
        else:
            parent[key] = copy.deepcopy(draw(leaves))
    return data


def keys(part: Any) -> list[Any]:
    return list(part) if isinstance(part, dict) else list(range(len(part)))


def parts(data: Any) -> Iterator[Any]:
    if isinstance(data, dict | list):
        yield data
        for value in data.values() if isinstance(data, dict) else data:
            yield from parts(value)


def load(text: str) -> tuple[Problem, ...]:
    try:
        load_text(text, source="f", environ={"X": "1"}, policies={"static", "joint"})
    except ConfigErrors as errors:
        return errors.problems
    return ()


def paths(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[str]:
    yield path_text(path)
    if isinstance(node, Mapping):
        for key, value in node.entries:
            yield from paths(value, (*path, key.text))
    elif not isinstance(node, Scalar):
        for index, item in enumerate(node.items):
            yield from paths(item, (*path, index))


@RELAXED
@given(scarred())
def test_a_damaged_text_loads_or_is_refused_where_it_is_damaged(text: str) -> None:
    problems = load(text)
    lines = text.count("\n") + text.count("\r") + text.count("\x85") + 2
    lines += text.count("\u2028") + text.count("\u2029")
    for problem in problems:
        assert problem.problem
        assert problem.place is not None
        assert 1 <= problem.place.line <= lines
        assert problem.place.column >= 1
        assert "\n" not in problem.text("f")
    try:
        existing = set(paths(read_tree(text)))
    except BadYaml:
        assert [problem.path for problem in problems] == [""]
        return
    for problem in problems:
        if "is missing" in problem.problem:
            around = problem.path.rpartition(".")[0]
            assert around in existing or problem.path == "routes.embedding"
        else:
            assert problem.path in existing


@RELAXED
@given(replaced())
def test_what_the_loader_takes_the_schema_takes_too(data: Any) -> None:
    text = json.dumps(data)
    problems = load(text)
    if not problems:
        assert [error.message for error in SCHEMA.iter_errors(data)] == []
    if SCHEMA.is_valid(data):
        assert all(is_meaning(problem) for problem in problems), problems


def is_meaning(problem: Problem) -> bool:
    """Whether a problem is one of those that a schema cannot see."""
    words = (
        "is not one of models",
        "is not declared for",
        "is the id of",
        "is no policy",
        "makes embeddings",
        "make embeddings",
        "listens on",
    )
    return any(word in problem.problem for word in words)


def test_the_undamaged_texts_load() -> None:
    assert load(DESIGN) == load(FULL) == ()
