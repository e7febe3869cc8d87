"""What a running gateway itself says is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zeta_router import __version__
from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.core.fleet import FleetConfig

OLD_S = 60.0
"""An engine that was not read for so long is not being read."""

Page = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pages:
    """What it said: `/health`, `/zeta/fleet`, `/zeta/state`."""

    health: Page
    fleet: Page
    state: Page


def examine(url: str, pages: Pages, wanted: FleetConfig | None) -> Iterator[Finding]:
    """Everything wrong with a gateway that answers.

    Args:
        url: Its address.
        pages: What it said.
        wanted: The fleet that it should be serving; None when there is no file to compare with.
    """
    yield from _health(url, pages.health)
    for each in pages.fleet["endpoints"]:
        yield from _endpoint(each)
    for each in pages.state["endpoints"]:
        yield from _condition(each)
    if wanted is not None:
        yield from _drift(url, pages.fleet, wanted)


def _health(url: str, health: Page) -> Iterator[Finding]:
    for name in ("log_trouble", "memory_trouble"):
        if health.get(name):
            yield Finding(
                name, Severity.ERROR, url, str(health[name]),
                "it routes on, but not for long or without a record",
                "see docs/operating/metrics-and-alerts.md",
            )  # fmt: skip
    running = health.get("version")
    if running != __version__:
        yield Finding(
            "other_version", Severity.NOTE, url,
            f"it runs version {running}, this command is {__version__}",
            "what is said here may not hold for it",
            "restart the gateway with the new version, or use its own `zeta`",
        )  # fmt: skip


def _endpoint(each: Page) -> Iterator[Finding]:
    place = f"endpoint {each['id']}"
    if each["state"] in ("down", "ejected"):
        yield Finding(
            "endpoint_out", Severity.ERROR, place, f"the gateway has it as {each['state']}",
            "it gets no queries until a probe has answered well",
            f"look at the engine's log; try it: `curl {each['url']}/v1/models`",
        )  # fmt: skip
    elif each["state"] == "draining":
        yield Finding(
            "draining", Severity.NOTE, place, "it is being drained",
            "it gets no new queries",
            f"POST /zeta/endpoints/{each['id']}/undrain takes it back",
        )  # fmt: skip
    ages = [signal["age_s"] for signal in each["signals"].values() if signal["value"] is not None]
    if ages and min(ages) > OLD_S:
        yield Finding(
            "signals_old", Severity.WARNING, place,
            f"nothing was read of its engine for {min(ages):.0f} s",
            "it is judged by what it said then",
            "look whether the engine answers /metrics in under a second",
        )  # fmt: skip


def _condition(each: Page) -> Iterator[Finding]:
    for axis, found in each.get("condition", {}).items():
        if found["state"] != "healthy" and found["text"]:
            yield Finding(
                f"condition_{axis}", Severity.WARNING, f"endpoint {each['id']}", found["text"],
                f"its {axis} is {found['state']}",
                "see docs/concepts/watching-endpoints.md for what each axis means",
            )  # fmt: skip


def _drift(url: str, running: Page, wanted: FleetConfig) -> Iterator[Finding]:
    """The file was edited and the gateway did not take it over, or serves another one."""
    serves = {(each["id"], each["url"].rstrip("/"), each["model"]) for each in running["endpoints"]}
    listed = {(each.id, each.url, each.model) for each in wanted.endpoints}
    differing = sorted(key for key, _, _ in serves ^ listed)
    if differing or running["policy"] != wanted.policy:
        what = ", ".join(dict.fromkeys(differing)) or f"policy {running['policy']}"
        yield Finding(
            "not_in_force", Severity.WARNING, url,
            f"the running gateway serves another configuration (differs: {what})",
            "edits of the file are not in force",
            "look at its log for the line that refused the file, or restart it with this file",
        )  # fmt: skip
