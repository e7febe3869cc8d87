"""The whole examination: meet everybody at once, then let each rule say what it finds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from zeta_router.app.config import LoadedConfig, Problem, Resources
from zeta_router.app.doctor import engines, fleet, gateway, machine, resources, signals
from zeta_router.app.doctor.finding import RANK, Finding, Severity
from zeta_router.app.doctor.meeting import Met, meet
from zeta_router.app.doctor.places import Places
from zeta_router.app.reaching import WANTS_KEY, key_headers, why
from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import Endpoint, FleetConfig, Model
from zeta_router.core.query import Task
from zeta_router.gateway.upstream import new_session
from zeta_router.monitor.client import EngineClient
from zeta_router.monitor.discover import discover
from zeta_router.monitor.resources import gpu
from zeta_router.monitor.resources.usage import Resources as Readings
from zeta_router.monitor.resources.watch import ResourceWatch

TIMEOUT_S = 3.0

_OF_A_FILE = frozenset({"context_unset", "no_objectives"})
"""What is said of files only: of a fleet that was found, or told, the settings are not known."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What came of it.

    Attributes:
        findings: The worst first.
        gateway: Address of the running gateway that was looked at too; None for none.
    """

    findings: tuple[Finding, ...]
    endpoints: int
    gateway: str | None


async def running_fleet(url: str) -> FleetConfig:
    """The fleet that a gateway serves, as far as it tells.

    Raises:
        ConfigError: It does not answer.
    """
    async with new_session() as session:
        pages = await _pages(session, url)
    if isinstance(pages, str):
        raise _away(url, pages)
    told = pages.fleet["endpoints"]
    models = {each["model"]: Model(each["model"], {}) for each in told}
    for name, facts in pages.state.get("fleet", {}).get("models", {}).items():
        tasks = dict.fromkeys(map(Task, facts["tasks"]))
        space = facts["embedding_space"]
        models[name] = Model(name, tasks, facts["params_b"], facts["context_tokens"], space)
    endpoints = (
        Endpoint(each["id"], each["url"], each["model"], each["engine"], each["slots"])
        for each in told
    )
    return FleetConfig(models, tuple(endpoints), policy=pages.fleet["policy"])


async def examine(
    config: LoadedConfig, file: Path | None, url: str | None, *, ours: bool = True
) -> Examined:
    """Look at everything.

    Args:
        config: What should be served.
        file: Where it was read from; None for a fleet that was found.
        url: A running gateway to look at; None looks whether one is where the file listens.
        ours: Whether the log and the port are on this machine.

    Raises:
        ConfigError: A gateway was named and does not answer.
    """
    asked = url or _own_url(config)
    async with new_session() as session:
        async with asyncio.TaskGroup() as group:
            meeting = group.create_task(_meet_all(session, config))
            asking = group.create_task(_pages(session, asked))
        met, read = meeting.result()
        pages = asking.result()
        elsewhere = await _elsewhere(session, met)
    if url is not None and isinstance(pages, str):
        raise _away(url, pages)
    running = pages if isinstance(pages, gateway.Pages) else None
    found = list(_rules(config, met, read, elsewhere))
    if file is None:
        found = [each for each in found if each.code not in _OF_A_FILE]
    if file is not None and ours:
        found += machine.strangers(config)
    if ours:
        found += machine.log_file(Path(config.log.path))
    if running is not None:
        found += gateway.examine(asked, running, config.fleet if file is not None else None)
    elif pages == WANTS_KEY:
        found.append(_locked(asked))
    elif file is not None:
        found += machine.port(config.listen)
    places = Places(file)
    located = (replace(each, where=places.where(each.place)) for each in found)
    told = [*_warnings(config), *located]
    return Examined(
        tuple(sorted(told, key=lambda each: RANK[each.severity])),
        len(config.fleet.endpoints),
        asked if running is not None else None,
    )


def _own_url(config: LoadedConfig) -> str:
    return f"{'http' if config.tls is None else 'https'}://{config.listen}"


def _locked(url: str) -> Finding:
    return Finding(
        "gateway_locked", Severity.NOTE, url, "a gateway answers there and wants a key",
        "what it says of itself was not looked at", "export ZETA_KEY with a key that may read",
    )  # fmt: skip


def _away(url: str, reason: str) -> ConfigError:
    return ConfigError("--url", f"no gateway answers on {url}: {reason}", "is it running?")


def of_problems(problems: Iterable[Problem], source: str) -> tuple[Finding, ...]:
    """A file that cannot be used, as findings."""
    return tuple(
        _of_problem(problem, source, Severity.ERROR, "the file cannot be served")
        for problem in problems
    )


def _warnings(config: LoadedConfig) -> tuple[Finding, ...]:
    return tuple(
        _of_problem(each, config.source, Severity.WARNING, "it is probably not what was meant")
        for each in config.warnings
    )


def _of_problem(problem: Problem, source: str, severity: Severity, reason: str) -> Finding:
    line = f":{problem.place.line}" if problem.place is not None else ""
    what = f"{problem.path or source} {problem.problem}"
    mend = problem.hint or "see docs/reference/configuration.md"
    return Finding("configuration", severity, problem.path, what, reason, mend, source + line)


def _rules(
    config: LoadedConfig,
    met: Mapping[str, Met],
    read: Mapping[str, Readings],
    elsewhere: Mapping[str, str],
) -> Iterator[Finding]:
    for index, endpoint in enumerate(config.fleet.endpoints):
        place, said = f"endpoints[{index}]", met[endpoint.id]
        model = config.fleet.models[endpoint.model]
        yield from engines.examine(place, endpoint, model, said, elsewhere)
        yield from signals.missing(place, endpoint, said)
        if said.reached:
            measured = config.endpoints[endpoint.id].resources
            yield from resources.examine(place, endpoint, measured, read[endpoint.id])
    yield from fleet.examine(config.fleet, met)


async def _meet_all(
    session: aiohttp.ClientSession, config: LoadedConfig
) -> tuple[dict[str, Met], dict[str, Readings]]:
    client = EngineClient(session, timeout_s=TIMEOUT_S)
    watch = ResourceWatch(client, lambda key: _measured(config, key), nvml=gpu.load())
    async with asyncio.TaskGroup() as group:
        meetings = {}
        readings = {}
        for endpoint in config.fleet.endpoints:
            secret = config.endpoints[endpoint.id].api_key
            key = secret.reveal() if secret is not None else None
            embeds = Task.EMBEDDING in config.fleet.models[endpoint.model].tasks
            coming = meet(client, endpoint, key, embeds=embeds)
            meetings[endpoint.id] = group.create_task(coming)
            readings[endpoint.id] = group.create_task(watch.read(endpoint))
    return (
        {key: task.result() for key, task in meetings.items()},
        {key: task.result() for key, task in readings.items()},
    )


async def _elsewhere(session: aiohttp.ClientSession, met: Mapping[str, Met]) -> dict[str, str]:
    """Where models are served at the usual ports of this machine; asked only when one is lost."""
    if all(each.reached for each in met.values()):
        return {}
    found = await discover(session)
    return {model.name: each.url for each in found for model in each.identity.models}


def _measured(config: LoadedConfig, key: str) -> Resources:
    return config.endpoints[key].resources


async def _pages(session: aiohttp.ClientSession, url: str) -> gateway.Pages | str:
    """What a gateway says; why not, where none answers."""
    try:
        async with asyncio.timeout(TIMEOUT_S):
            told = [await _page(session, url + path) for path in _PATHS]
    except (aiohttp.ClientError, OSError, ValueError) as error:
        return why(error)
    if not all(isinstance(page, dict) for page in told) or "endpoints" not in told[1]:
        return "somebody answers, but it is no gateway of this kind"
    return gateway.Pages(*told)


_PATHS = ("/health", "/zeta/fleet", "/zeta/state")


async def _page(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url, headers=key_headers()) as response:
        if response.status in (401, 403):
            raise ValueError(WANTS_KEY)
        return await response.json(content_type=None)
