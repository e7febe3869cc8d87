"""Drives a router in virtual time and keeps what it commanded."""

from __future__ import annotations

from zeta_router.core.fleet import FleetConfig
from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import Query
from zeta_router.learn.task.rules import RuleClassifier
from zeta_router.router.commands import (
    Cancel,
    Command,
    Dispatch,
    Emit,
    Reject,
    SetTimer,
    StartProbe,
)
from zeta_router.router.events import Arrived, Event, Finished, FirstToken, Probed, Timer
from zeta_router.router.router import ZetaDynamicRouter

OK = Outcome(Status.OK, started=True, ttft_s=0.1, e2e_s=1.0, output_tokens=10, http_status=200)
REFUSED = Outcome(Status.UPSTREAM_UNREACHABLE)
RESET = Outcome(Status.UPSTREAM_ERROR)
ERROR_500 = Outcome(Status.UPSTREAM_ERROR, http_status=500)
BUSY = Outcome(Status.UPSTREAM_BUSY, http_status=503)
GONE = Outcome(Status.CLIENT_GONE)


class Bench:
    """A router, its clock, and what is running where."""

    def __init__(self, config: FleetConfig, **more: object) -> None:
        self.router = ZetaDynamicRouter(config, RuleClassifier(), **more)  # type: ignore[arg-type]
        self.now_s = 0.0
        self.running: dict[str, Dispatch] = {}
        self.rejected: dict[str, Reject] = {}
        self.timers: dict[str, float] = {}
        self.probes: list[StartProbe] = []
        self.cancelled: list[Cancel] = []
        self.records: list[Emit] = []

    def send(self, event: Event) -> list[Command]:
        """Feed an event and book its commands."""
        commands = self.router.handle(event)
        for command in commands:
            if isinstance(command, Dispatch):
                self.running[command.query_id] = command
            elif isinstance(command, Reject):
                self.rejected[command.query_id] = command
            elif isinstance(command, SetTimer):
                self.timers[command.key] = command.due_at_s
            elif isinstance(command, StartProbe):
                self.probes.append(command)
            elif isinstance(command, Cancel):
                self.cancelled.append(command)
            elif isinstance(command, Emit):
                self.records.append(command)
        return commands

    def arrive(self, query: Query) -> str | None:
        """Where a query went at once: an endpoint's id, a reason, or None when it is held."""
        self.send(Arrived(self.now_s, query))
        return self.place_of(query.id)

    def place_of(self, query_id: str) -> str | None:
        """Where a query is: an endpoint's id, the reason of its refusal, None when held."""
        if query_id in self.running:
            return self.running[query_id].endpoint.id
        if query_id in self.rejected:
            return self.rejected[query_id].decision.reason.value
        return None

    def first_token(self, query_id: str) -> None:
        """The first token of a running query comes."""
        self.send(FirstToken(self.now_s, query_id, self.running[query_id].attempt))

    def finish(self, query_id: str, outcome: Outcome = OK) -> None:
        """A running query ends, or a held one is given up by its client."""
        command = self.running.pop(query_id, None)
        self.send(Finished(self.now_s, query_id, command.attempt if command else 0, outcome))

    def probe(self, endpoint_id: str, *, alive: bool, gone: bool = False) -> None:
        """The latest probe of an endpoint is answered."""
        asked = [probe for probe in self.probes if probe.endpoint.id == endpoint_id][-1]
        deep = asked.by is not None
        self.send(Probed(self.now_s, endpoint_id, asked.generation, alive, deep, gone))

    def advance(self, to_s: float) -> None:
        """Let time pass and fire due timers in order."""
        while self.timers:
            key, due_s = min(self.timers.items(), key=lambda item: (item[1], item[0]))
            if due_s > to_s:
                break
            del self.timers[key]
            self.now_s = max(self.now_s, due_s)
            self.send(Timer(self.now_s, key))
        self.now_s = to_s

    def in_flight(self) -> dict[str, int]:
        """In-flight count of every endpoint, as the router sees it."""
        return {v.endpoint.id: v.in_flight for v in self.router.snapshot(self.now_s).views}
