"""The lean client, on both loops."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import uvloop

from support.upstream_contract import RaceContract, SilenceContract, UpstreamContract
from zeta_router.gateway.lean.client import LeanUpstream
from zeta_router.gateway.upstream import Upstream


class TestLeanUpstream(UpstreamContract, SilenceContract, RaceContract):
    def making(self) -> AbstractAsyncContextManager[Upstream]:
        return LeanUpstream()


class TestLeanUpstreamOnUvloop(UpstreamContract):
    loop = staticmethod(uvloop.new_event_loop)

    def making(self) -> AbstractAsyncContextManager[Upstream]:
        return LeanUpstream()
