"""A request's way through the gateway: relay, upstream client, and the traces around them."""

from __future__ import annotations

import aiohttp

from zeta_router.app.config import LoadedConfig
from zeta_router.app.records import Telemetry
from zeta_router.app.training.choosing import second_opinion_settings
from zeta_router.app.wiring.dealings import Dealings
from zeta_router.app.wiring.query_ids import query_ids
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.relay import Relay
from zeta_router.gateway.second_opinion import SecondOpinion
from zeta_router.gateway.traced import Serves, Spans, TracedRelay, TracedUpstream
from zeta_router.gateway.upstream import AiohttpUpstream, Upstream


def upstream_of(config: LoadedConfig, session: aiohttp.ClientSession) -> Upstream:
    """The client that queries are sent to engines with."""
    return AiohttpUpstream(session)


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
