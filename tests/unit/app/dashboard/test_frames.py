"""What the stream and `/zeta/state` show, of a router with traffic behind it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from support.watched import Watched
from zeta_router.app.dashboard.history import COLUMNS, SAMPLES
from zeta_router.core.signal import EngineSample
from zeta_router.router.events import Sampled


@pytest.fixture
def watched() -> Watched:
    made = Watched()
    made.bench.advance(20.0)
    made.serve(5)
    return made


def test_the_state_has_every_endpoint_with_all_that_views_show(watched: Watched) -> None:
    state = watched.frames.state()
    assert msgspec.json.decode(msgspec.json.encode(state)) == state
    assert [each["id"] for each in state["endpoints"]] == ["c", "t"]
    coder = state["endpoints"][0]
    assert coder["model"] == "coder"
    assert coder["state"] == "up"
    assert set(coder["condition"]) == {"liveness", "latency", "quality", "memory"}
    assert coder["circuit"] == "closed"
    assert coder["in_memory"] is None, "nobody has said"
    assert coder["fall"] is None, "nothing is judged before a hundred answers"
    assert coder["gpu"] == {"gpu_ratio": 0.5, "gpu_memory_bytes": 8e9, "gpu_memory_ratio": None}
    assert state["endpoints"][1]["gpu"]["gpu_ratio"] is None
    assert sum(each["pace"]["answers"] for each in state["endpoints"]) == 5
    assert state["recent"]["sent"] == 5
    assert state["recent"]["answers"] == 5
    assert state["fleet"]["routes"]["code"] == "coder"
    assert state["policy"] == "joint"


def test_a_frame_is_the_state_with_decisions_and_flow(watched: Watched) -> None:
    events = asyncio.run(watched.frames.render(0))
    assert set(events) == {"state", "learned"}
    told: dict[str, Any] = msgspec.json.decode(events["state"])
    state = watched.frames.state()
    for name in ("endpoints", "queue", "tenants", "forecast", "policy", "recent"):
        assert told[name] == state[name]
    assert told["decisions"] == [{"decision_id": "q"}]
    assert sum(row[3] for bucket in told["flow"] for row in bucket["sent"]) == 5
    assert set(asyncio.run(watched.frames.render(1))) == {"state"}


def test_what_was_learned(watched: Watched) -> None:
    learned = watched.frames.learned()
    assert msgspec.json.decode(msgspec.json.encode(learned)) == learned
    cells = {(each["task"], each["model"]): each for each in learned["quality"]}
    coder = cells["code", "coder"]
    assert 0.0 <= coder["low"] < coder["mean"] < coder["high"] <= 1.0
    assert learned["calibration"]["answers"] == 5
    assert learned["thresholds"] == {"fall_warns": 7.0, "fall_sure": 12.0}
    condition = learned["conditions"]["c"]
    assert len(condition["golden_right"]) == len(condition["golden_wrong"]) == 12


def test_the_past_is_bounded_and_forgets_endpoints(watched: Watched) -> None:
    for _ in range(SAMPLES + 5):
        watched.frames.sample()
    past = watched.frames.past()
    assert msgspec.json.decode(msgspec.json.encode(past)) == past
    history = past["history"]
    assert history["columns"] == list(COLUMNS)
    assert {len(rows) for rows in history["endpoints"].values()} == {SAMPLES}
    assert {len(row) for rows in history["endpoints"].values() for row in rows} == {len(COLUMNS)}
    snapshot = watched.bench.router.snapshot(watched.bench.now_s)
    only = snapshot.views[:1]
    history_of = watched.frames.history
    history_of.sample(type(snapshot)(1, 1.0, only), watched.bench.router.vitals(1.0))
    assert list(history_of.report()["endpoints"]) == ["c"]


def test_whether_a_model_is_in_memory(watched: Watched) -> None:
    def told(*resident: str) -> object:
        sample = EngineSample(resident=resident)
        watched.bench.send(Sampled(watched.bench.now_s, "c", generation, sample))
        return watched.frames.state()["endpoints"][0]["in_memory"]

    generation = watched.bench.router.watched()[0][1]
    assert told("coder") is True
    assert told("other", "coder:latest") is True
    assert told("other") is False
    assert told() is False
