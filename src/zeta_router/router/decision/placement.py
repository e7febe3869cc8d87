"""Placing queries: decide, then dispatch, hold or refuse, and keep the books of who is where.

The state of everything on its way through the router lives here; `router.router` turns events into
calls on it.
"""

from __future__ import annotations

from math import inf

from zeta_router.control.fairness import TenantCounters
from zeta_router.control.filters import demand_of
from zeta_router.control.queue import Entry, WaitingLine
from zeta_router.control.sessions import Sessions
from zeta_router.core.decision import Decision, Verdict
from zeta_router.core.fleet import FleetConfig
from zeta_router.core.query import Lane, Query
from zeta_router.core.reasons import Reason
from zeta_router.policy.registry import build
from zeta_router.router.commands import (
    Command,
    DecisionRecord,
    Emit,
    Reject,
    SetTimer,
)
from zeta_router.router.decision.decide import Setting, decide
from zeta_router.router.decision.holdback import Holdback
from zeta_router.router.decision.retry import retry_after_of
from zeta_router.router.decision.waiting import (
    density_of,
    entry_of,
    patience_s,
    standing_of,
    wish,
)
from zeta_router.router.endpoint.fleet import FleetState
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.cases import Case
from zeta_router.router.query.dispatching import Dispatching
from zeta_router.router.query.opening import names_unknown_model, open_case, unknown_model

SCAN_LIMIT = 64
"""Most held queries that are rescored when a slot frees (ALGORITHMS §6.6), and as many again of
those that have not seen what is open; more are passed over."""

QUEUE_TIMER = "queue"
HOLDBACK_TIMER = "holdback"
HEDGE_TIMER = "hedge"

_DISPATCH, _WAIT, _REJECT = Verdict.DISPATCH, Verdict.WAIT, Verdict.REJECT
"""Looked up once: a member of an enum costs as much as a function call."""


class Placement:
    """All queries between arrival and last byte, and the endpoints they are placed on.

    Every method that acts appends to `commands`, in the order in which things are to be done.
    """

    def __init__(
        self, config: FleetConfig, knowledge: Knowledge, *, seed: int, capped: bool
    ) -> None:
        self.fleet = FleetState(config)
        self.knowledge = knowledge
        self.tenants = TenantCounters()
        self.sessions = Sessions()
        self.dispatching = Dispatching(self.fleet, self.tenants, self.sessions)
        self.line: WaitingLine[Case] = WaitingLine(config.limits.queue, self.tenants)
        self.cases: dict[str, Case] = {}
        self._seed = seed
        self._capped = capped
        self._holdback = Holdback()
        self.timers: dict[str, float] = {}
        self.setting = self._settle(config)

    def open(self, query: Query) -> Case | Decision:
        """Understand a query: its task, its SLO, what it demands; or refuse an unknown model."""
        task = self.knowledge.task_of(query)
        if names_unknown_model(query, self.fleet.config):
            policy = self.setting.policy.name
            return unknown_model(query, task, policy, 0, query.arrived_at_s)
        case = open_case(query, task, self.fleet.config, self.sessions)
        case.stretch = self.knowledge.length.stretch(task.topics, query.features)
        return case

    def take_in(self, case: Case) -> None:
        """Remember a case from here to its last byte."""
        self.cases[case.query.id] = case
        self.tenants.enter(case.query.tenant)
        self._holdback.arrived(case.query.lane, case.query.arrived_at_s)

    def forget(self, case: Case) -> None:
        """A case is over: answered, refused, or its client gone."""
        del self.cases[case.query.id]
        self.tenants.leave(case.query.tenant)

    def consider(self, case: Case, now_s: float, *, last: bool = False) -> Decision:
        """What would be done with a case at `now_s`; changes nothing.

        `last` tells that it has waited in vain for something better.
        """
        snapshot = self.fleet.snapshot(now_s)
        share = self._holdback.share(case.query.lane, now_s)
        decision = decide(case, snapshot, self.setting, share, last=last)
        return self.bounded(case, decision, now_s)

    def place(self, case: Case, now_s: float, commands: list[Command]) -> Decision:
        """Decide for a case that is not being served, and act on the decision."""
        entry = self.line.get(case.query.id)
        decision = self.consider(case, now_s, last=entry is not None and entry.in_vain)
        case.decisions += 1
        if decision.verdict is _WAIT:
            if entry is None:
                entry = self._hold(case, decision, now_s, commands)
            else:
                entry.density = density_of(decision)
                self.waits_for(entry, decision.endpoint_id)
                self._bear(entry, decision, now_s, commands)
            entry.refused = self.fleet.open_ids()
            entry.wish = wish(case, self.fleet.config.models.values())
            return decision
        if entry is not None:
            standing = standing_of(entry, self.line, self.tenants, now_s)
            decision = decision._replace(standing=standing)
            self.leave_line(case.query.id)
            case.release(now_s)
        if decision.verdict is _DISPATCH:
            self.send(case, decision, now_s, commands)
        else:
            commands.append(Emit(DecisionRecord(case.query, decision)))
            self._refuse(case, decision, now_s, commands)
        return decision

    def send(self, case: Case, decision: Decision, now_s: float, commands: list[Command]) -> None:
        """Dispatch a case as was decided."""
        commands.append(Emit(DecisionRecord(case.query, decision)))
        self.dispatching.dispatch(case, decision, now_s, commands)
        self.set_timer(HEDGE_TIMER, self.dispatching.hedges.next_s, commands)

    def leave_line(self, query_id: str) -> None:
        """A query waits no longer."""
        entry = self.line.remove(query_id)
        if entry is not None:
            self.waits_for(entry, None)

    def waits_for(self, entry: Entry[Case], endpoint_id: str | None) -> None:
        """Count a held query for the endpoint that it waits for, and no longer for the last one."""
        if entry.endpoint_id == endpoint_id:
            return
        for key, change in ((entry.endpoint_id, -1), (endpoint_id, 1)):
            state = self.fleet.endpoints.get(key) if key is not None else None
            if state is not None:
                state.held = max(0, state.held + change)
                state.touch()
        entry.endpoint_id = endpoint_id

    def bounded(self, case: Case, decision: Decision, now_s: float) -> Decision:
        """The decision within the queue's bound, and with Retry-After where it refuses."""
        if (
            decision.verdict is _WAIT
            and case.held_since_s is None
            and case.attempts == 0
            and self.line.is_full
        ):
            decision = decision._replace(verdict=_REJECT, reason=Reason.QUEUE_FULL)
        if decision.verdict is _REJECT:
            later_s = retry_after_of(decision, self.fleet.endpoints, len(self.line), now_s)
            return decision._replace(retry_after_s=later_s)
        return decision

    def _hold(
        self, case: Case, decision: Decision, now_s: float, commands: list[Command]
    ) -> Entry[Case]:
        query = case.query
        case.hold(now_s)
        entry = entry_of(case, decision, now_s)
        self.line.push(entry)
        self.waits_for(entry, decision.endpoint_id)
        standing = standing_of(entry, self.line, self.tenants, now_s)
        commands.append(Emit(DecisionRecord(query, decision._replace(standing=standing))))
        self.set_timer(QUEUE_TIMER, self.line.next_deadline_s(), commands)
        self._come_back_for_batch(now_s, commands)
        return entry

    def _refuse(
        self, case: Case, decision: Decision, now_s: float, commands: list[Command]
    ) -> None:
        self.forget(case)
        commands.append(Reject(case.query.id, decision, case.queue_wait_s(now_s)))

    def serve_waiting(self, now_s: float, commands: list[Command]) -> None:
        """Rescore held queries while any slot is free.

        When one that asks for the same has been held again, and has waited as long, there is
        nothing for this one either, until something is dispatched or freed; it is passed over. Only
        what is rescored counts for the limit. Beyond it those are passed over that did not want
        what is open when they were held last: what waits for an idle endpoint may stand behind any
        number of queries for a full one.
        """
        if len(self.line) == 0:
            return
        self._come_back_for_batch(now_s, commands)
        open_ids = self.fleet.open_ids()
        held_again: dict[object, float] = {}
        rescored = 0
        for entry in self.line.in_order(len(self.line), now_s) if open_ids else ():
            since_s = held_again.get(entry.wish)
            if since_s is not None and entry.since_s >= since_s:
                continue
            if rescored >= SCAN_LIMIT and open_ids <= entry.refused:
                continue
            rescored += 1
            if self.place(entry.item, now_s, commands).verdict is _WAIT:
                held_again[entry.wish] = entry.since_s
            else:
                open_ids = self.fleet.open_ids()
                if not open_ids:
                    return
            if rescored == 2 * SCAN_LIMIT:
                return

    def foresee(self, load_p90: float, until_s: float) -> None:
        """Take in what share of the capacity the lanes before batch may need until then."""
        self._holdback.foreseen(load_p90, until_s)

    def end_holdback(self, now_s: float, commands: list[Command]) -> None:
        """Serve the batch lane without restraint, or come back when that is allowed."""
        self.serve_waiting(now_s, commands)

    def _come_back_for_batch(self, now_s: float, commands: list[Command]) -> None:
        if self.line.depth(Lane.BATCH) and now_s < self._holdback.ends_at_s:
            self.set_timer(HOLDBACK_TIMER, self._holdback.ends_at_s, commands)

    def reject(self, case: Case, reason: Reason, now_s: float, commands: list[Command]) -> None:
        """Refuse a case for `reason`; the record shows the candidates of the moment."""
        decision = decide(case, self.fleet.snapshot(now_s), self.setting)._replace(
            verdict=_REJECT,
            reason=reason,
            endpoint_id=None,
        )
        decision = self.bounded(case, decision, now_s)
        commands.append(Emit(DecisionRecord(case.query, decision)))
        self._refuse(case, decision, now_s, commands)

    def _bear(
        self, entry: Entry[Case], decision: Decision, now_s: float, commands: list[Command]
    ) -> None:
        """It goes on waiting, now beside something that is open: no longer than that is worth."""
        if entry.in_vain or entry.settles_at_s < inf:
            return
        settles_at_s = now_s + patience_s(entry.item, decision)
        if settles_at_s < inf:
            self.line.settle_at(entry, settles_at_s)
            self.set_timer(QUEUE_TIMER, self.line.next_deadline_s(), commands)

    def replace(self, config: FleetConfig) -> None:
        """Take over a configuration; what is being served stays where it is."""
        self.fleet.replace(config)
        self._count_held()
        self.line.limit = config.limits.queue
        self.dispatching.hedges.ratio = config.limits.hedge_ratio
        self.setting = self._settle(config)

    def _count_held(self) -> None:
        """Count anew who waits for each endpoint: one that was replaced starts without any."""
        for state in self.fleet.endpoints.values():
            state.held = 0
        for query_id in self.cases:
            entry = self.line.get(query_id)
            if entry is not None and entry.endpoint_id in self.fleet.endpoints:
                self.fleet.endpoints[entry.endpoint_id].held += 1

    def judge_anew(self, now_s: float, commands: list[Command]) -> None:
        """Decide for every held query again, under the configuration of the moment."""
        config = self.fleet.config
        for entry in list(self.line.in_order(len(self.line), now_s)):
            case = entry.item
            if names_unknown_model(case.query, config):
                self.leave_line(case.query.id)
                self._refuse_unknown(case, now_s, commands)
            else:
                case.demand = demand_of(case.query, case.task.task, config)
                self.place(case, now_s, commands)

    def _refuse_unknown(self, case: Case, now_s: float, commands: list[Command]) -> None:
        policy = self.setting.policy.name
        decision = unknown_model(case.query, case.task, policy, case.decisions, now_s)
        commands.append(Emit(DecisionRecord(case.query, decision)))
        self._refuse(case, decision, now_s, commands)

    def set_timer(self, key: str, due_at_s: float | None, commands: list[Command]) -> None:
        """Ask for a wake-up, unless the same one is already asked for."""
        if due_at_s is None or self.timers.get(key) == due_at_s:
            return
        self.timers[key] = due_at_s
        commands.append(SetTimer(key, due_at_s))

    def _settle(self, config: FleetConfig) -> Setting:
        return Setting(
            fleet=config,
            policy=build(config.policy, config),
            knowledge=self.knowledge,
            endpoints=self.fleet.endpoints,
            seed=self._seed,
            capped=self._capped,
        )
