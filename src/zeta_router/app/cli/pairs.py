"""Flags of the form NAME=VALUE: `--map` and `--task-of`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zeta_router.core.errors import ConfigError
from zeta_router.core.query import Task
from zeta_router.sim.workload.tables import topics_of


def pairs_of(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """``NAME=VALUE`` texts as a mapping.

    Raises:
        ConfigError: One is not of that form.
    """
    pairs = {}
    for text in texts:
        key, sign, value = text.partition("=")
        if not (key and sign and value):
            raise ConfigError(option, f"{text!r} is not of the form NAME=VALUE")
        pairs[key] = value
    return pairs


def tasks_of(texts: tuple[str, ...], quality: Iterable[Path]) -> dict[str, Task]:
    """What `--task-of` says: the task of each topic.

    Raises:
        ConfigError: There is no such task, or no prompt of the quality tables has such a topic.
    """
    pairs = pairs_of("--task-of", texts)
    topics = topics_of(quality) if pairs else ()
    for topic, name in pairs.items():
        if name not in tuple(Task):
            raise ConfigError("--task-of", f"{name!r} is no task", f"known: {', '.join(Task)}")
        if topic not in topics:
            told = f"no prompt of the quality tables has the topic {topic!r}"
            raise ConfigError("--task-of", told, f"there are {', '.join(topics)}")
    return {topic: Task(name) for topic, name in pairs.items()}
