"""CPU, memory and GPU that cannot be read although they were asked for."""

from __future__ import annotations

from collections.abc import Iterator

from zeta_router.app.config import Resources as Places
from zeta_router.app.doctor.finding import Finding, Severity
from zeta_router.core.fleet import Endpoint
from zeta_router.monitor.resources.usage import Resources
from zeta_router.monitor.resources.watch import local_port

_WHY = "growing memory and a machine that is busy with other things stay unseen"


def examine(place: str, endpoint: Endpoint, places: Places, read: Resources) -> Iterator[Finding]:
    """Why an endpoint's machine is not measured; nothing when it is, or was not to be.

    Args:
        place: How the file names the endpoint.
        endpoint: As configured.
        places: Where its machine is to be measured.
        read: What came of it.
    """
    where = f"{place}.resources"
    if places.local:
        yield from _local(where, endpoint, read)
    for name, url, signal in (
        ("node_exporter", places.node_exporter, read.host_memory_ratio),
        ("dcgm", places.dcgm, read.gpu_ratio),
    ):
        if url is not None and (signal is None or signal.value is None):
            reason = signal.source if signal is not None else "it says nothing that is known"
            yield Finding(
                "resources_unreadable", Severity.WARNING, f"{where}.{name}",
                f"{url} cannot be read: {reason}", _WHY,
                f"start the exporter there, or correct the address of {name}",
            )  # fmt: skip


def _local(where: str, endpoint: Endpoint, read: Resources) -> Iterator[Finding]:
    if local_port(endpoint.url) is None:
        yield Finding(
            "resources_elsewhere", Severity.NOTE, where,
            f"{endpoint.url} is another machine, and `resources: auto` measures only this one",
            _WHY,
            "write `resources: {node_exporter: http://HOST:9100}`, or `resources: none`",
        )  # fmt: skip
    elif read.rss_bytes is None or read.rss_bytes.value is None:
        reason = read.rss_bytes.source if read.rss_bytes is not None else "not found"
        yield Finding(
            "resources_unreadable", Severity.WARNING, where,
            f"the process behind {endpoint.url} cannot be measured: {reason}", _WHY,
            "run the router as the same user, give a node_exporter, or write `resources: none`",
        )  # fmt: skip
