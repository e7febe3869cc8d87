"""Everything beside the data plane: models, dry runs, feedback, explanations, health, metrics."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Protocol

import msgspec
from aiohttp import web

from zeta_router import __version__
from zeta_router.core.decision import Decision
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import GENERATIVE_TASKS, Query
from zeta_router.core.snapshot import Health
from zeta_router.gateway.browser.same_origin import check_write
from zeta_router.gateway.described.document import document
from zeta_router.gateway.driver import RouterDriver
from zeta_router.gateway.fleet_report import fleet_report
from zeta_router.gateway.keys.holder import holder_of
from zeta_router.gateway.problems import RequestError
from zeta_router.gateway.reading.body import UNREADABLE, parse
from zeta_router.gateway.reading.fingerprint import asker_of
from zeta_router.gateway.reading.intake import query_of
from zeta_router.gateway.reading.stands_for import operation_of
from zeta_router.gateway.state_report import state_report
from zeta_router.router.events import Answered, DrainRequested, Feedback

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Reader = Callable[[web.Request], Awaitable[bytes]]
Route = tuple[str, str, Handler]

_SERVING = (Health.UP, Health.EJECTED)
"""What may get queries; an ejected endpoint does where it is the last."""

_ASKED_BY = ("GET", "HEAD")
"""How programs ask whether somebody is well; `wget --spider` and many watchers want no body."""

_SMALL_NUMBER = re.compile("[0-9]{1,4}")


class Records(Protocol):
    """What the admin pages need of telemetry."""

    def explain(self, query_id: str) -> Mapping[str, Any] | None:
        """Everything known about a query; None when it is unknown or forgotten."""

    def explain_dry(self, query: Query, decision: Decision) -> Mapping[str, Any]:
        """The same for a decision that was not carried out."""

    def newest(self, limit: int) -> list[Mapping[str, Any]]:
        """The latest queries, newest first, one summary each."""

    def judge(self, query_id: str, score: float, at_s: float, voter: str = "") -> str:
        """Store a judgement: ``stored``, ``unknown`` or ``duplicate``."""

    def answered(self, query_id: str) -> Answered | None:
        """Who answered a query, by the log; None when nobody did, or it is forgotten."""

    def metrics(self) -> tuple[Iterator[str], str]:
        """The exposition, in pieces that are made as they are taken, and its content type."""

    def trouble(self) -> str | None:
        """What is wrong with the log at the moment, if anything."""


class _FeedbackBody(msgspec.Struct):
    decision_id: str
    score: float | None = None
    thumbs: str | bool | None = None


class Admin:
    """The routes that are not routed.

    Args:
        driver: The router in real time.
        records: What telemetry knows.
        config: Gives the fleet's configuration of the moment.
        own_memory: Tells what is wrong with the router's own memory, if anything.
        state: Makes what `/zeta/state` shows; None shows the router's inside alone.
    """

    def __init__(
        self,
        driver: RouterDriver,
        records: Records,
        config: Callable[[], FleetConfig],
        own_memory: Callable[[], str | None] = lambda: None,
        state: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        self._state_of = state
        self._own_memory = own_memory
        self._driver = driver
        self._records = records
        self._config = config

    def routes(self, read: Reader) -> list[Route]:
        """Method, path and handler of each; `read` reads a bounded body."""

        def reading(
            handler: Callable[[web.Request, bytes], Awaitable[web.StreamResponse]],
        ) -> Handler:
            async def handle(request: web.Request) -> web.StreamResponse:
                return await handler(request, await read(request))

            return handle

        return [
            ("GET", "/v1/models", self._models),
            ("GET", "/v1/models/{id:.+}", self._model),
            ("POST", "/v1/route", reading(self._route)),
            ("POST", "/v1/feedback", reading(self._feedback)),
            *((method, "/health", self._health) for method in _ASKED_BY),
            *((method, "/ready", self._ready) for method in _ASKED_BY),
            ("GET", "/metrics", self._metrics),
            ("GET", "/openapi.json", self._openapi),
            ("GET", "/zeta/fleet", self._fleet),
            ("GET", "/zeta/state", self._state),
            ("GET", "/zeta/decisions", self._decisions),
            ("GET", "/zeta/decisions/{id}", self._decision),
            ("POST", "/zeta/endpoints/{id}/drain", self._drain),
            ("POST", "/zeta/endpoints/{id}/undrain", self._undrain),
        ]

    async def _models(self, request: web.Request) -> web.StreamResponse:
        return _json({"object": "list", "data": self._model_list()})

    async def _model(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["id"]
        for model in self._model_list():
            if model["id"] == name:
                return _json(model)
        raise RequestError(
            404, f"the model {name!r} does not exist", param="model", code="model_not_found"
        )

    def _model_list(self) -> list[dict[str, Any]]:
        """The virtual models, then every model of which an endpoint is up."""
        snapshot = self._driver.router.snapshot(self._driver.clock())
        up = {view.model.name for view in snapshot.views if view.health in _SERVING}
        config = self._config()
        tasks = {task for name in up for task in config.models[name].tasks}
        names = ["auto", *(f"auto:{task.value}" for task in GENERATIVE_TASKS if task in tasks)]
        names += [name for name in config.models if name in up]
        return [
            {"id": name, "object": "model", "created": 0, "owned_by": "zeta-router"}
            for name in names
        ]

    async def _route(self, request: web.Request, raw: bytes) -> web.StreamResponse:
        """A dry run: the body of a real call, decided and explained, not sent."""
        operation = operation_of(raw, self._config().models)
        query = query_of(
            operation,
            parse(operation, raw),
            request.headers,
            query_id="dry-run",
            now_s=self._driver.clock(),
            holder=holder_of(request),
        )
        decision = self._driver.router.dry_run(query)
        return _json(self._records.explain_dry(query, decision))

    async def _feedback(self, request: web.Request, raw: bytes) -> web.StreamResponse:
        query_id, score = _judgement(raw)
        now_s = self._driver.clock()
        voter = holder_of(request) or asker_of(request.headers, request.remote)
        result = self._records.judge(query_id, score, now_s, voter)
        if result == "unknown":
            raise RequestError(
                404, f"no decision {query_id!r} is known", param="decision_id", code="unknown"
            )
        if result == "duplicate":
            raise RequestError(409, f"decision {query_id!r} was judged before", param="decision_id")
        answered = None
        if not self._driver.router.remembers(query_id):
            answered = self._records.answered(query_id)
        self._driver.submit(Feedback(now_s, query_id, score, voter, answered))
        return _json({"status": "stored", "decision_id": query_id, "score": score})

    async def _health(self, request: web.Request) -> web.StreamResponse:
        body = {
            "status": "ok",
            "version": __version__,
            "log_trouble": self._records.trouble(),
            "memory_trouble": self._own_memory(),
        }
        response = _json(body)
        response.headers["x-zeta"] = "1"
        return response

    async def _ready(self, request: web.Request) -> web.StreamResponse:
        snapshot = self._driver.router.snapshot(self._driver.clock())
        states = {view.endpoint.id: view.health.value for view in snapshot.views}
        ready = any(view.health in _SERVING for view in snapshot.views)
        return _json({"ready": ready, "endpoints": states}, status=200 if ready else 503)

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        """The page is made between the chunks of running streams, never in one go."""
        pieces, content_type = self._records.metrics()
        parts = []
        for piece in pieces:
            parts.append(piece)
            await asyncio.sleep(0)
        return web.Response(body="".join(parts).encode(), headers={"content-type": content_type})

    async def _openapi(self, request: web.Request) -> web.StreamResponse:
        return _json(document())

    async def _fleet(self, request: web.Request) -> web.StreamResponse:
        router = self._driver.router
        snapshot = router.snapshot(self._driver.clock())
        return _json(fleet_report(snapshot, router.queue_depths(), self._config().policy))

    async def _state(self, request: web.Request) -> web.StreamResponse:
        if self._state_of is not None:
            return _json(self._state_of())
        router = self._driver.router
        return _json(state_report(router.inside(self._driver.clock()), router.queue_depths()))

    async def _decisions(self, request: web.Request) -> web.StreamResponse:
        text = request.query.get("limit", "50")
        if not _SMALL_NUMBER.fullmatch(text) or not 1 <= int(text) <= 1000:
            raise RequestError(400, "limit must be a whole number from 1 to 1000", param="limit")
        return _json({"decisions": self._records.newest(int(text))})

    async def _decision(self, request: web.Request) -> web.StreamResponse:
        query_id = request.match_info["id"]
        explanation = self._records.explain(query_id)
        if explanation is None:
            raise RequestError(404, f"no decision {query_id!r} is known", code="unknown")
        return _json(explanation)

    async def _drain(self, request: web.Request) -> web.StreamResponse:
        return self._set_draining(request, draining=True)

    async def _undrain(self, request: web.Request) -> web.StreamResponse:
        return self._set_draining(request, draining=False)

    def _set_draining(self, request: web.Request, *, draining: bool) -> web.StreamResponse:
        check_write(request)
        endpoint_id = request.match_info["id"]
        known = [endpoint.id for endpoint in self._config().endpoints]
        if endpoint_id not in known:
            raise RequestError(404, f"no endpoint {endpoint_id!r}; there are {', '.join(known)}")
        self._driver.submit(DrainRequested(self._driver.clock(), endpoint_id, draining))
        return _json({"id": endpoint_id, "draining": draining})


def _judgement(raw: bytes) -> tuple[str, float]:
    """Decision id and score in [0, 1] from a feedback body."""
    try:
        body = msgspec.json.decode(raw, type=_FeedbackBody)
    except UNREADABLE as error:
        raise RequestError(400, f"the feedback cannot be read: {error}") from None
    if body.thumbs is not None:
        scores = {"up": 1.0, "down": 0.0, True: 1.0, False: 0.0}
        if body.thumbs not in scores:
            raise RequestError(400, '\'thumbs\' must be "up" or "down"', param="thumbs")
        return body.decision_id, scores[body.thumbs]
    if body.score is None or not 0.0 <= body.score <= 1.0:
        raise RequestError(400, "'score' must be a number from 0 to 1", param="score")
    return body.decision_id, body.score


def _json(body: Mapping[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(body), content_type="application/json"
    )
