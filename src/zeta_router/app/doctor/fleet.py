"""What is wrong with a fleet as a whole, each endpoint of it being well or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.app.doctor.meeting import Met
from zeta_router.core.fleet import Endpoint, FleetConfig
from zeta_router.core.query import Slo, Task
from zeta_router.monitor.client import base_of

TELLS_RUNNING = frozenset({"vllm", "sglang", "llamacpp", "tgi"})
"""Engines whose endpoints see each other's requests."""


SLOTS_PER_MODEL = frozenset({"ollama", "lmstudio"})
"""Engines whose number of slots holds for each model by itself: two models share none."""


def examine(fleet: FleetConfig, met: Mapping[str, Met]) -> Iterator[Finding]:
    """Everything wrong between the endpoints.

    Args:
        fleet: As configured.
        met: What each engine said, by endpoint id.
    """
    yield from _tasks(fleet, met)
    yield from _shared_addresses(fleet, met)
    yield from _spaces(fleet, met)
    yield from _patience(fleet)
    yield from _objectives(fleet)


def _tasks(fleet: FleetConfig, met: Mapping[str, Met]) -> Iterator[Finding]:
    up = {each.model for each in fleet.endpoints if met[each.id].identity is not None}
    for task in Task:
        able = [name for name, model in fleet.models.items() if task in model.tasks]
        if not able or up & set(able):
            continue
        yield Finding(
            "no_capable_model", Severity.ERROR, f"models (task {task.value})",
            f"no model that is declared for {task.value} is up; declared are {', '.join(able)}",
            f"queries of the task {task.value} wait and are then refused",
            f"start an engine that serves {' or '.join(able)}, or add {task.value} to the tasks of "
            "a model that is up",
        )  # fmt: skip


def _shared_addresses(fleet: FleetConfig, met: Mapping[str, Met]) -> Iterator[Finding]:
    """Endpoints on one server share its slots, whatever each of them says."""
    sharing: dict[tuple[str, str], list[tuple[int, Endpoint]]] = defaultdict(list)
    for index, endpoint in enumerate(fleet.endpoints):
        engine = _engine(endpoint, met[endpoint.id])
        model = (endpoint.upstream_model or endpoint.model).removesuffix(":latest")
        part = model if engine in SLOTS_PER_MODEL else ""
        sharing[base_of(endpoint.url), part].append((index, endpoint))
    for (url, _), group in sharing.items():
        if len(group) < 2:
            continue
        (index, first), told = group[0], met[group[0][1].id]
        sample = told.sample
        has = sample.slots.value if sample is not None and sample.slots is not None else None
        claimed = sum(each.slots or int(has or 0) for _, each in group)
        if has is None or claimed <= has or _engine(first, told) in TELLS_RUNNING:
            continue
        ids = ", ".join(each.id for _, each in group)
        yield Finding(
            "shared_address", Severity.WARNING, f"endpoints[{index}].url",
            f"{ids} are one server ({url}) with {has:g} slots, and claim {claimed} together",
            "together they send more than it works on; the rest waits inside it, unseen",
            f"divide its {has:g} slots over them, at least 1 each" if has >= len(group)
            else f"keep {has:g} of them, with 1 slot each, or give the server more slots",
        )  # fmt: skip


def _engine(endpoint: Endpoint, told: Met) -> str:
    return told.identity.engine if told.identity is not None else endpoint.engine


def _spaces(fleet: FleetConfig, met: Mapping[str, Met]) -> Iterator[Finding]:
    """Vectors of different lengths are of different spaces, whatever the file says."""
    lengths: dict[str, dict[int, str]] = defaultdict(dict)
    for endpoint in fleet.endpoints:
        model = fleet.models[endpoint.model]
        length = met[endpoint.id].dimensions
        if Task.EMBEDDING in model.tasks and length is not None:
            lengths[model.embedding_space or model.name].setdefault(length, endpoint.id)
    for space, found in lengths.items():
        if len(found) > 1:
            told = ", ".join(f"{key} gives {length}" for length, key in found.items())
            yield Finding(
                "mixed_space", Severity.ERROR, f"embedding_space {space}",
                f"vectors of the space {space!r} have different lengths: {told}",
                "an overflowing request gets vectors that cannot be compared with the others",
                "give the models different `embedding_space` names, or serve the same model",
            )  # fmt: skip


def _patience(fleet: FleetConfig) -> Iterator[Finding]:
    """Holding a query longer than any objective allows answers it late for certain."""
    wait_s = fleet.limits.max_wait_s
    tasks = {task for model in fleet.models.values() for task in model.tasks}
    allowed = {task: _longest(slo) for task, slo in fleet.slo.items()}
    if not tasks or any(allowed.get(task) is None for task in tasks):
        return
    longest = max(value for value in allowed.values() if value is not None)
    if wait_s > longest:
        yield Finding(
            "waits_beyond_slo", Severity.NOTE, "limits.max_wait_s",
            f"queries may be held for {wait_s:g} s, and no objective allows over {longest:g} s",
            "those held longest are answered too late, with capacity that others would have used",
            f"write `max_wait_s: {longest:g}` or less under limits, so that they are refused in "
            "time to try elsewhere",
        )  # fmt: skip


def _objectives(fleet: FleetConfig) -> Iterator[Finding]:
    """Without an objective every answer is in time, and the best model is worth any wait."""
    if fleet.policy != "joint" or fleet.slo or len(fleet.models) < 2:
        return
    yield Finding(
        "no_objectives", Severity.NOTE, "slo",
        "the policy joint has no objective to keep: there is no `slo` for any task",
        "no wait makes the answer to a request without one late, so it may wait for the best model "
        f"while another is idle, for {fleet.limits.max_wait_s:g} s at most (limits.max_wait_s)",
        "write what is late for you, e.g. `slo: {simple: {ttft_s: 3}, code: {ttft_s: 10}}`",
    )  # fmt: skip


def _longest(slo: Slo) -> float | None:
    return slo.e2e_s if slo.e2e_s is not None else slo.ttft_s
