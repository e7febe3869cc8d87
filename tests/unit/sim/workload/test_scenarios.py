import pytest

from zeta_router.core.errors import ConfigError
from zeta_router.sim.engine.faults import Cold, Drift, Kill, Slow
from zeta_router.sim.workload.scenarios import CALM, SCENARIOS, parse_scenario


def test_no_scenario_is_a_calm_run() -> None:
    assert parse_scenario(None, ["a", "b"]) is CALM


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_has_defaults_and_changes_something(name: str) -> None:
    scenario = parse_scenario(name, ["a", "b"])
    parts = (scenario.warp, scenario.mix, scenario.hog, scenario.poll_lag_s)
    assert scenario.faults or any(part is not None for part in parts)
    assert scenario.name == name


def test_the_design_names_these() -> None:
    named = {"slow", "kill", "flash", "mix", "stale", "tenant", "drift", "cold"}
    assert named <= set(SCENARIOS)


def test_options_set_what_they_name() -> None:
    scenario = parse_scenario("slow:endpoint=b,factor=5,from_s=60,to_s=90", ["a", "b"])
    assert scenario.faults == (Slow("b", 60.0, 90.0, 5.0),)
    assert parse_scenario("kill:at_s=10", ["a"]).faults == (Kill("a", 10.0, 60.0),)
    assert parse_scenario("cold:load_s=5", ["a"]).faults == (Cold("a", 5.0, float("inf")),)
    assert isinstance(parse_scenario("drift", ["a"]).faults[0], Drift)
    assert parse_scenario("stale:lag_s=5", ["a"]).poll_lag_s == 5.0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("earthquake", "unknown scenario"),
        ("slow:endpoint=z", "no simulated endpoint 'z'"),
        ("slow:speed=2", "unknown option 'speed'"),
        ("slow:factor=0", "factor is 0"),
        ("slow:factor=lots", "not a number"),
        ("tenant:share=2", "share is 2, outside 0 … 1"),
        ("kill:at_s=-1", "outside 0"),
        ("kill:now", "not of the form"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_scenario(text, ["a", "b"])
