"""The rules of observe/ name metrics that there are, and say what to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[3]
RULES = ROOT / "observe" / "rules"
CASES = "".join(path.read_text(encoding="utf-8") for path in (RULES / "tests").glob("*.yml"))
METRIC = re.compile(r"(?<![\w:])zeta_\w+(?![\w:])")
SUFFIX = re.compile(r"_(bucket|sum|count)$")


def rules(name: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((RULES / name).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


RECORDED = rules("recording.yml")
ALERTS = rules("alerts.yml")


def documented() -> set[str]:
    """Every metric of the reference page, which is held equal to the code."""
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `(zeta_\w+)` \|", page, re.MULTILINE))


def name_of(rule: dict[str, Any]) -> str:
    return str(rule.get("record") or rule["alert"])


@pytest.mark.parametrize("rule", RECORDED + ALERTS, ids=name_of)
def test_a_rule_reads_metrics_and_rules_that_exist(rule: dict[str, Any]) -> None:
    found = METRIC.findall(rule["expr"])
    unknown = {name for name in found if SUFFIX.sub("", name) not in documented()} - documented()
    assert not unknown
    read = set(re.findall(r"\b\w+:\w+:\w+\b", rule["expr"]))
    assert read <= {name_of(recorded) for recorded in RECORDED}
    assert found or read or 'job="zeta"' in rule["expr"]


@pytest.mark.parametrize("rule", ALERTS, ids=name_of)
def test_an_alert_says_how_bad_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["alert"].startswith("Zeta")
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["for"]
    assert set(rule["annotations"]) == {"summary", "description"}
    assert len(rule["annotations"]["summary"]) < 100
    assert rule["annotations"]["description"].endswith(".")


@pytest.mark.parametrize("rule", ALERTS, ids=name_of)
def test_an_alert_is_seen_firing_in_the_cases_of_promtool(rule: dict[str, Any]) -> None:
    fires = re.search(rf'alertname="{rule["alert"]}"[^}}]*}}\', value: [1-9]', CASES)
    assert fires, f"no case in observe/rules/tests fires {rule['alert']}"


def test_names_are_given_once() -> None:
    names = [name_of(rule) for rule in RECORDED + ALERTS]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"\w+:\w+:\w+", name_of(rule)) for rule in RECORDED)


def test_the_page_lists_every_alert() -> None:
    page = (ROOT / "docs" / "operating" / "metrics-and-alerts.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(Zeta\w+)`", page))
    assert told == {name_of(rule) for rule in ALERTS}
