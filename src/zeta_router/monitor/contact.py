"""An endpoint's engine as it has been met: who it is, how to ask it, whether it was reached.

Polls and probes share one contact per endpoint, so that what one of them finds out (an engine
named ``auto`` turns out to be vLLM, an address is missing) the other need not find out again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from zeta_router.core.fleet import Endpoint
from zeta_router.core.query import Operation
from zeta_router.core.signal import EngineSample
from zeta_router.monitor.client import EngineClient, Line
from zeta_router.monitor.engines import ADAPTERS, AUTO, adapter_of
from zeta_router.monitor.engines.protocol import Adapter, Identity
from zeta_router.monitor.golden import ask_golden
from zeta_router.monitor.logprob_call import ask_logprobs
from zeta_router.monitor.small_call import LOAD_PATIENCE, PATIENCE, small_call


async def identify(line: Line) -> Identity | None:
    """Who answers on this line; None when nobody does or when it is no engine.

    Engines are told apart by their answers. A port says nothing: half of all web servers
    listen on 8080.
    """
    for adapter in ADAPTERS:
        identity = await line.hold(adapter.identify())
        if identity is not None or not line.reached:
            return identity
    return None


class Contact:
    """The engine behind one endpoint.

    Attributes:
        came_back: A probe reached it after it was lost, and nobody has sampled it since. One that
            only left a poll without an answer was not lost: it may be too busy to tell its load,
            answer probes all the while, and is to be polled seldom.
    """

    def __init__(
        self, client: EngineClient, endpoint: Endpoint, api_key: str | None = None
    ) -> None:
        self.came_back = False
        self._lost = False
        self._unloaded = False
        self._loads = False
        self._line = Line(client, endpoint.url, api_key)
        self._auto = endpoint.engine == AUTO
        self._model = endpoint.upstream_name
        self._adapter: Adapter | None = None if self._auto else adapter_of(endpoint.engine)

    @property
    def engine(self) -> str | None:
        """The engine's name; None while it is ``auto`` and has not been met."""
        return self._adapter.name if self._adapter else None

    @property
    def problem(self) -> str:
        """Why the engine could not be reached or recognised; empty when all is well."""
        if self._line.problem or self._adapter is not None:
            return self._line.problem
        return "answers, but is none of the known engines"

    @property
    def gone(self) -> bool:
        """Whether nobody was there when it was asked last: that is more than no answer in time."""
        return not (self._line.reached or self._line.late)

    async def sample(self) -> EngineSample | None:
        """How busy it is; None when it could not be reached, which says nothing about load."""
        self.came_back = False
        adapter = await self._met()
        if adapter is None:
            self._lost |= self.gone
            return None
        sample = await self._line.hold(adapter.sample(self._model))
        if not self._kept():
            self._lost |= self.gone
            return None
        sample = _of_ours(sample, self._model)
        self._unloaded = sample.resident is not None and not _is_among(sample.resident, self._model)
        return sample

    async def probe(self) -> bool:
        """Whether it is alive and loaded."""
        adapter = await self._met()
        if adapter is None:
            self._lost = True
            return False
        alive = await self._line.hold(adapter.probe(self._model))
        reached = self._kept()
        self._probed(reached)
        return reached and alive

    async def answers(self, by: Operation) -> bool:
        """Whether it answers the smallest call of this kind with something fit for use.

        Where its model has to be loaded for that, it is given the time: engines stop loading when
        the caller leaves. Until then it does not answer, and is not asked a second time.
        """
        if self._loads:
            return False
        self._loads = self._unloaded
        try:
            patience = LOAD_PATIENCE if self._unloaded else PATIENCE
            fit = await self._line.hold(small_call(by, self._model, patience))
        finally:
            self._loads = False
        self._probed(self._line.reached)
        return fit

    async def load(self, by: Operation) -> bool:
        """Have it load its model; whether it answered."""
        return await self._line.hold(small_call(by, self._model, LOAD_PATIENCE))

    async def golden(self, number: int) -> bool | None:
        """Whether it answers a golden prompt rightly; None when it gives no answer."""
        return await self._line.hold(ask_golden(number, self._model))

    async def logprobs(self) -> tuple[dict[str, float], ...] | None:
        """A round of first-token log-probabilities; empty where there are none, None unanswered."""
        return await self._line.hold(ask_logprobs(self._model))

    def _probed(self, reached: bool) -> None:
        self.came_back |= self._lost and reached
        self._lost = not reached

    async def _met(self) -> Adapter | None:
        if self._adapter is None:
            identity = await identify(self._line)
            if identity is not None:
                self._adapter = adapter_of(identity.engine)
        return self._adapter

    def _kept(self) -> bool:
        """Whether it was reached; who was not may come back as somebody else."""
        if not self._line.reached:
            self._line.forget()
            if self._auto:
                self._adapter = None
        return self._line.reached


def _of_ours(sample: EngineSample, model: str) -> EngineSample:
    """The sample, silent on what is in memory where the engine does not know `model` by that name.

    A server of one model answers to any name and lists its own, the file's or the repository's:
    that this other name is in memory does not say that ours is not. With nothing in memory at all
    ours is not either.
    """
    listed = sample.models is None or _is_among(sample.models, model)
    return sample if listed or not sample.resident else replace(sample, resident=None)


def _is_among(names: tuple[str, ...], model: str) -> bool:
    """Whether these name the model; Ollama adds ``:latest`` to names without a tag."""
    return not {model, f"{model}:latest"}.isdisjoint(names)


class Contacts:
    """One contact per endpoint, renewed when its address, engine or key is configured anew.

    Args:
        client: Fetches.
        key_of: Gives the bearer token that an endpoint wants, by its id; None when it wants none.
    """

    def __init__(
        self,
        client: EngineClient,
        key_of: Callable[[str], str | None] = lambda endpoint_id: None,
    ) -> None:
        self._client = client
        self._key_of = key_of
        self._known: dict[str, tuple[tuple[Endpoint, str | None], Contact]] = {}

    def of(self, endpoint: Endpoint) -> Contact:
        """The contact of this endpoint.

        Raises:
            ConfigError: If its engine is neither ``auto`` nor a known name.
        """
        known = self._known.get(endpoint.id)
        facts = (endpoint, self._key_of(endpoint.id))
        if known is None or known[0] != facts:
            known = (facts, Contact(self._client, *facts))
            self._known[endpoint.id] = known
        return known[1]

    def keep(self, endpoint_ids: set[str]) -> None:
        """Drop the contacts of all other endpoints."""
        self._known = {key: value for key, value in self._known.items() if key in endpoint_ids}
