"""What the router has learned, for people: quality cells with intervals, canaries, baselines."""

from __future__ import annotations

from typing import Any

from zeta_router.core.query import Task, TopicShare
from zeta_router.learn.condition.cusum import SURE, WARN
from zeta_router.learn.quality.head import QualityCells
from zeta_router.learn.task.topics import domain_of
from zeta_router.router.learned import CONDITION
from zeta_router.router.router import ZetaDynamicRouter

MOST_TOPICS = 40
"""Topics that are listed, those with the most evidence first."""


def learned_report(router: ZetaDynamicRouter) -> dict[str, Any]:
    """Quality by task and topic, and what is normal for each endpoint; changes nothing."""
    return {
        "quality": _quality(router),
        "thresholds": {"fall_warns": WARN, "fall_sure": SURE},
        "conditions": {
            name.removeprefix(CONDITION): _condition(router.learned_part(name)["state"])
            for name in router.learned_names()
            if name.startswith(CONDITION)
        },
    }


def _quality(router: ZetaDynamicRouter) -> list[dict[str, Any]]:
    cells, models = router.knowledge.quality, router.config.models
    by_task = {
        (task.value, name): _cell(cells, task.value, task, name)
        for name, model in models.items()
        for task in model.tasks
    }
    for domain, name, *_ in cells.state()["cells"]:
        whole = by_task.get((domain.partition("/")[0], name))
        if whole is not None and "/" in domain and domain_of(domain) is None:
            whole["evidence"] = round(whole["evidence"] + cells.evidence(domain, name), 1)
    by_topic = [
        _cell(cells, topic, Task(topic.partition("/")[0]), name)
        for topic, name, *_ in cells.state()["cells"]
        if name in models and (topic, name) not in by_task and _is_topic(topic)
    ]
    by_topic.sort(key=lambda cell: -cell["evidence"])
    return [*by_task.values(), *by_topic[:MOST_TOPICS]]


def _is_topic(topic: str) -> bool:
    return topic.partition("/")[0] in tuple(Task)


def _cell(cells: QualityCells, topic: str, task: Task, model: str) -> dict[str, Any]:
    topics = (TopicShare(topic, task, 1.0),)
    low, high = cells.interval(topics, model)
    return {
        "topic": topic,
        "task": task.value,
        "model": model,
        "mean": round(cells.mean(topics, model), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "evidence": round(cells.evidence(topic, model), 1),
    }


def _condition(state: dict[str, Any]) -> dict[str, Any]:
    """Golden prompts and what is normal for an endpoint's answers and memory."""
    quality, golden, memory = state["quality"], state["golden"], state["memory"]
    seen = quality["seen"]
    return {
        "answers_seen": round(seen, 1),
        "good_ratio": round(quality["good"] / seen, 4) if seen else None,
        "warned": quality["warned"],
        "golden_right": golden["right"],
        "golden_wrong": golden["wrong"],
        "golden_failing": golden["failing"],
        "memory_blocks": [[at_s, size] for at_s, size, _ in memory["blocks"]],
    }
