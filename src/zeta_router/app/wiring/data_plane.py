"""A request's way through the gateway: relay, upstream client, and the traces around them."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import AsyncIterator

import aiohttp

from zeta_router.app.config import LoadedConfig
from zeta_router.app.records import Telemetry
from zeta_router.app.training.choosing import second_opinion_settings
from zeta_router.app.wiring.dealings import Dealings
from zeta_router.app.wiring.query_ids import query_ids
from zeta_router.gateway.by_scheme import ByScheme
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.relay import Relay
from zeta_router.gateway.second_opinion import SecondOpinion
from zeta_router.gateway.traced import Serves, Spans, TracedRelay, TracedUpstream
from zeta_router.gateway.upstream import AiohttpUpstream, Upstream


@contextlib.asynccontextmanager
async def upstream_of(
    config: LoadedConfig, session: aiohttp.ClientSession
) -> AsyncIterator[Upstream]:
    """The client that queries are sent to engines with, by `gateway.upstream`.

    The lean client needs a loop that hands bytes over in the step in which it reads them, which
    the one of Windows does not.
    """
    by_aiohttp = AiohttpUpstream(session)
    if config.upstream == "aiohttp" or (config.upstream == "auto" and sys.platform == "win32"):
        yield by_aiohttp
        return
    async with LeanUpstream() as lean:
        yield ByScheme(lean, by_aiohttp)


def relay_of(
    dealings: Dealings,
    driver: RouterDriver,
    upstream: Upstream,
    telemetry: Telemetry,
    spans: Spans | None,
) -> Serves:
    """What serves routed requests; with traces around it and around `upstream` where made.

    Raises:
        ConfigError: The embedder that the configuration wants asked cannot be used.
    """
    upstream = upstream if spans is None else TracedUpstream(upstream, spans)
    new_id = query_ids()
    asking = second_opinion_settings(dealings.config.classifier, dealings.config.fleet)
    relay = Relay(
        driver,
        upstream,
        new_id=new_id,
        on_overhead=telemetry.observe_overhead,
        on_text=telemetry.on_text if telemetry.keeps_text else None,
        key_of=dealings.key_of,
        stall_s=dealings.stall_s,
        second=SecondOpinion(driver, upstream, asking, new_id=new_id, key_of=dealings.key_of)
        if asking is not None
        else None,
    )
    return relay if spans is None else TracedRelay(relay, spans)
