"""What people are told about a reload."""

from __future__ import annotations

from types import NoneType

import pytest

from zeta_router.app.config import LoadedConfig, load_text
from zeta_router.app.config.diff import RESTART_PATHS, diff, until_restart
from zeta_router.app.config.sections.joint import JointSpec
from zeta_router.app.config.sections.limits import LimitsSpec

TEXT = """\
listen: 127.0.0.1:8080
models:
  m: {tasks: {simple: 0.7, code: 0.6}, params_b: 7, context_tokens: 100, lacks: [vision]}
  n: {tasks: [reasoning]}
endpoints:
  - {id: a, url: "http://h:1", model: m, api_key: one, slots: 4}
  - {id: b, url: "http://h:2", model: n, resources: {dcgm: "http://h:9400"}}
routes: {simple: m}
slo: {code: {ttft_s: 1}}
policy: static
limits: {queue: 5}
log: {path: z.db, prompts: false}
"""


def load(text: str) -> LoadedConfig:
    return load_text(text, source="f", environ={})


def lines(*changes: tuple[str, str]) -> list[str]:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [str(change) for change in diff(load(TEXT), load(text))]


def test_nothing_changed() -> None:
    assert lines() == []


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("8080", "9090", "listen: 127.0.0.1:8080 → 127.0.0.1:9090 (after a restart)"),
        ("z.db", "y.db", "log.path: z.db → y.db (after a restart)"),
        ("prompts: false", "prompts: true", "log.prompts: false → true (after a restart)"),
        ("static", "p2c", "policy: static → p2c"),
        ("queue: 5", "queue: 6", "limits.queue: 5 → 6"),
        ("queue: 5", "body_bytes: 7, queue: 5", "limits.body_bytes: 33554432 → 7"),
        ("simple: m}", "simple: m, code: m}", "routes.code: not set → m"),
        ("ttft_s: 1", "ttft_s: 1.5", "slo.code.ttft_s: 1 → 1.5"),
        ("slo: {code: {ttft_s: 1}}", "slo: {}", "slo.code.ttft_s: 1 → not set"),
        ("code: 0.6", "code: 0.65", "models.m.tasks.code: 0.6 → 0.65"),
        ("code: 0.6", "code: null", "models.m.tasks.code: 0.6 → from the size table"),
        ("lacks: [vision]", "lacks: [vision, json]", "models.m.lacks: vision → json, vision"),
        ("params_b: 7, ", "", "models.m.params_b: 7 → not set"),
        ("slots: 4", "slots: auto", "endpoints.a.slots: 4 → auto"),
        ("h:1", "h:7", "endpoints.a.url: http://h:1 → http://h:7"),
        ("dcgm: \"http://h:9400", "dcgm: \"http://i:9",
         "endpoints.b.resources: dcgm http://h:9400 → dcgm http://i:9"),
        ("{dcgm: \"http://h:9400\"}", "none", "endpoints.b.resources: dcgm http://h:9400 → none"),
        ("api_key: one", "api_key: two", "endpoints.a.api_key: a key → a key"),
        ("api_key: one, ", "", "endpoints.a.api_key: a key → not set"),
    ],
)  # fmt: skip
def test_one_setting_is_one_line(old: str, new: str, line: str) -> None:
    assert lines((old, new)) == [line]


def test_what_comes_and_goes_is_one_line_each() -> None:
    assert lines(
        ("  n: {tasks: [reasoning]}\n", "  o: {tasks: [reasoning]}\n"),
        ('  - {id: b, url: "http://h:2", model: n', '  - {id: c, url: "http://h:2", model: o'),
    ) == ["models.n: removed", "models.o: added", "endpoints.b: removed", "endpoints.c: added"]


def test_a_simulated_speed_is_named_key_by_key() -> None:
    speed = "{prefill_tokens_per_s: 1, step_s: 2, step_per_seq_s: 0, slots: 3}"
    assert lines(("slots: 4", f"slots: 4, simulate: {speed}")) == [
        "endpoints.a.simulate.prefill_tokens_per_s: not set → 1",
        "endpoints.a.simulate.step_s: not set → 2",
        "endpoints.a.simulate.step_per_seq_s: not set → 0",
        "endpoints.a.simulate.slots: not set → 3",
    ]


def test_order_and_comments_are_no_settings() -> None:
    swapped = TEXT.replace("  n: {tasks: [reasoning]}\n", "").replace(
        "models:\n", "# moved\nmodels:\n  n: {tasks: [reasoning]}\n"
    )
    assert diff(load(TEXT), load(swapped)) == []


def test_what_needs_a_restart_stays_as_it_runs() -> None:
    new = load(
        TEXT.replace("8080", "9090")
        .replace("z.db, prompts: false", "y.db, prompts: true, keep_days: 1")
        .replace("queue: 5", "queue: 6")
        + "classifier: {weights: w, hard_called_simple: 2, simple_called_hard: 2, hard_swapped: 2, "
        "embedder_head: h, embedder_below: 0.8, embedder_wait_s: 1}\n"
        + 'otel: {endpoint: "http://h:4318"}\nlearning: {retrain_every_h: 1}\n'
        + "gateway: {upstream: aiohttp, without_keys: true, tls: {certificate: c, key: k}}\n"
    )
    running = until_restart(load(TEXT), new)
    assert [c.path for c in diff(load(TEXT), running)] == ["limits.queue"]
    assert {c.path for c in diff(running, new)} == RESTART_PATHS


OTHER: dict[type, object] = {bool: True, int: 9, float: 0.5, NoneType: 1}
"""By kind, a value that no number of the sections below has from the start."""


@pytest.mark.parametrize(
    ("section", "name"),
    [
        (section, name)
        for section, spec in (("limits", LimitsSpec), ("joint", JointSpec))
        for name in spec.__struct_fields__
        if name != "queue"
    ],
)
def test_no_number_is_forgotten(section: str, name: str) -> None:
    spec: LimitsSpec | JointSpec = LimitsSpec() if section == "limits" else JointSpec()
    value = 512 if name == "header_bytes" else OTHER[type(getattr(spec, name))]
    written = f"{name}: {value}".lower()
    if section == "limits":
        changed = TEXT.replace("queue: 5", f"queue: 5, {written}")
    else:
        changed = f"{TEXT}{section}: {{{written}}}\n"
    (change,) = diff(load(TEXT), load(changed))
    assert change.path == f"{section}.{name}"


KEYS = """\
keys:
  - {name: alice, hash: "sha256:HASH", scopes: [query]}
""".replace("HASH", "ab" * 32)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("", "", "keys.alice: added"),
        ("ab" * 32, "cd" * 32, "keys.alice.hash: changed"),
        ("[query]", "[query, admin]", "keys.alice.scopes: query → admin, query"),
        ("[query]", "[query], concurrent: 3", "keys.alice.concurrent: none → 3"),
    ],
)
def test_keys_are_compared_by_name_and_their_hashes_not_shown(
    old: str, new: str, said: str
) -> None:
    before = load(TEXT + KEYS) if old else load(TEXT)
    (change,) = diff(before, load(TEXT + KEYS.replace(old, new)))
    assert str(change).startswith(said.partition(": ")[0])
    assert "abab" not in str(change)
    assert "cdcd" not in str(change)
