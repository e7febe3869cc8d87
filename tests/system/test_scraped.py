"""A real Prometheus over a gateway under mixed load: every expression that we ship gives data."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from typing import Any

import pytest
import yaml

from support.mixed_load import MixedLoad, emulated_fleet
from support.observed import OBSERVE, Prometheus, prometheus
from support.process import configured, eventually

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]

WITHIN_S = 180.0
"""For everything to have happened once; 25 s on idle cores, 50 s on busy ones."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("watched")
    with (
        emulated_fleet() as yaml_text,
        configured(folder, yaml_text) as zeta,
        prometheus(folder, zeta.url) as server,
        MixedLoad(zeta.url, per_s=8.0),
    ):
        yield server


def panels() -> dict[str, str]:
    """Page, panel and place of each expression, as Grafana would send it with "All" chosen."""
    found = {}
    for path in sorted((OBSERVE / "grafana" / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", []):
                expr = target["expr"].replace("$__rate_interval", "15s")
                name = f"{path.stem} / {panel['title']} / {target['refId']}"
                found[name] = re.sub(r"\$(endpoint|task|model)\b", ".*", expr)
    return found


def has_data(server: Prometheus, expr: str) -> bool:
    """Whether there is a number; NaN, a percentile of nothing, is none."""
    return not all(isnan(value) for _, value in server.query(expr))


def test_every_panel_of_every_dashboard_has_data(watched: Prometheus) -> None:
    exprs = panels()
    assert len(exprs) > 50
    missing = set(exprs)

    def all_seen() -> bool:
        missing.difference_update({n for n in missing if has_data(watched, exprs[n])})
        return not missing

    assert eventually(all_seen, WITHIN_S), sorted((name, exprs[name]) for name in missing)


def test_every_variable_has_values(watched: Prometheus) -> None:
    for path in (OBSERVE / "grafana" / "dashboards").glob("*.json"):
        for variable in json.loads(path.read_text(encoding="utf-8"))["templating"]["list"][1:]:
            pattern = r"label_values\((\w+), (\w+)\)"
            metric, label = re.fullmatch(pattern, variable["definition"]).groups()  # type: ignore[union-attr]
            assert watched.get(f"label/{label}/values", **{"match[]": metric})


def test_every_rule_is_evaluated(watched: Prometheus) -> None:
    def all_rules() -> list[dict[str, Any]]:
        return [rule for group in watched.get("rules")["groups"] for rule in group["rules"]]

    assert eventually(lambda: all(rule["health"] == "ok" for rule in all_rules()), 40.0), [
        (rule["name"], rule.get("lastError")) for rule in all_rules() if rule["health"] != "ok"
    ]
    shipped = [
        rule
        for path in (OBSERVE / "rules").glob("*.yml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
    ]
    assert len(all_rules()) == len(shipped) > 30


def test_the_scrape_goes_well(watched: Prometheus) -> None:
    assert eventually(lambda: watched.query('up{job="zeta"} == 1') != [])
    (target,) = watched.get("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    ((_, samples),) = watched.query("scrape_samples_scraped")
    ((_, took_s),) = watched.query("avg_over_time(scrape_duration_seconds[20s])")
    print(f"\n{samples:.0f} samples, a scrape takes {took_s * 1000:.1f} ms")  # noqa: T201
    assert samples > 300


def test_a_dead_endpoint_is_seen_by_state_breaker_and_alert(watched: Prometheus) -> None:
    assert eventually(lambda: watched.query('zeta_endpoint_state{state="down"} == 1') != [], 60.0)
    open_ = watched.query('zeta_breaker_state{state="open"} == 1')
    assert [labels["endpoint"] for labels, _ in open_] == ["dead"]
    firing = 'ALERTS{alertname="ZetaEndpointDown", endpoint="dead"}'
    assert eventually(lambda: watched.query(firing) != [], 30.0)


def test_nothing_a_panel_shows_is_a_share_above_one(watched: Prometheus) -> None:
    for rule in yaml.safe_load(Path(OBSERVE / "rules" / "recording.yml").read_text())["groups"]:
        for recorded in rule["rules"]:
            name = recorded["record"]
            if ":ratio_rate" in name:
                values = [value for _, value in watched.query(name)]
                assert all(0 <= value <= 1.000001 for value in values), (name, values)
