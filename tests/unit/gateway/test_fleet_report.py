"""The fleet as JSON."""

from __future__ import annotations

from dataclasses import fields

import msgspec
import pytest

from support.candidates import view
from zeta_router.core.query import Lane
from zeta_router.core.signal import EngineSample, Signal
from zeta_router.core.snapshot import Health, Snapshot
from zeta_router.gateway.fleet_report import endpoint_report, fleet_report


def test_the_whole() -> None:
    snapshot = Snapshot(7, 100.0, (view("a"), view("b", "small")))
    report = fleet_report(snapshot, {Lane.NORMAL: 2, Lane.BATCH: 0}, "static")
    assert report["policy"] == "static"
    assert report["version"] == 7
    assert report["queued"] == {"normal": 2, "batch": 0}
    assert [(e["id"], e["model"]) for e in report["endpoints"]] == [("a", "coder"), ("b", "small")]
    assert msgspec.json.encode(report)


@pytest.mark.parametrize(
    ("health", "paused", "state"),
    [
        (Health.UP, False, "up"),
        (Health.UP, True, "paused"),
        (Health.DOWN, True, "down"),
        (Health.DRAINING, True, "draining"),
    ],
)
def test_states(health: Health, paused: bool, state: str) -> None:
    assert endpoint_report(view("a", health=health, paused=paused), 100.0)["state"] == state


def test_absent_is_null_with_its_source_and_never_zero() -> None:
    sample = EngineSample(
        running=Signal(3.0, 98.5, "vllm:num_requests_running"),
        waiting=Signal(None, 99.0, "not exported"),
    )
    report = endpoint_report(view("a", sample=sample), 100.0)
    assert report["queue_depth"] is None
    assert report["signals"]["running"] == {
        "value": 3.0,
        "age_s": 1.5,
        "source": "vllm:num_requests_running",
    }
    assert report["signals"]["waiting"] == {"value": None, "age_s": 1.0, "source": "not exported"}
    assert report["signals"]["rss_bytes"] == {"value": None, "age_s": None, "source": "not polled"}


def test_every_signal_of_a_sample_is_shown() -> None:
    signals = {f.name for f in fields(EngineSample)} - {"models", "resident"}
    assert set(endpoint_report(view("a"), 0.0)["signals"]) == signals


def test_our_own_counts_and_the_engine_s() -> None:
    sample = EngineSample(waiting=Signal(4.0, 100.0, "x"), resident=("m",))
    seen = view("a", in_flight=2, foreign_in_flight=1, slots=3, sample=sample)
    report = endpoint_report(seen, 100.0)
    assert (report["in_flight"], report["foreign_in_flight"], report["slots"]) == (2, 1, 3)
    assert (report["queue_depth"], report["resident"]) == (4.0, ("m",))
