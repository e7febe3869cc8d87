"""One period of retraining on a log: look after what was promoted, then train and judge anew.

For each head in turn. One that was promoted is compared with its predecessor on all that was judged
since, and rolled back when it was contradicted. Then a challenger is trained on the older part of
the log and judged on the newer part, and if nothing speaks against it, trained once more on all of
it and promoted. Whatever happens is written into the log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from zeta_router.app.learning.contradicted import bet_on_worse
from zeta_router.app.learning.keeper import PREFIX
from zeta_router.app.learning.sealed import BrokenSealError, packed, sealed, unpacked, unsealed
from zeta_router.app.learning.trials import TRIALS, State, Trial
from zeta_router.core.fleet import FleetConfig
from zeta_router.sim.replay.logged import Traffic, read_traffic
from zeta_router.telemetry.log.promotions import (
    Promotion,
    Verdict,
    read_promotions,
    write_promotions,
)
from zeta_router.telemetry.log.reader import LogReader
from zeta_router.telemetry.records import SavedState

OLDER: Final = 0.6
"""Share of the log's time that a challenger is trained on; it is judged on the rest."""

LEAST_QUERIES: Final = 500
MOST_DECISIONS: Final = 30_000
"""Newest decisions of a log that are looked at: about 150 MB and two minutes of one core."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Log:
    """What a period looks at."""

    traffic: Traffic
    promotions: Sequence[Promotion]
    live: Mapping[str, Any]
    wall_s: float

    @property
    def until_wall_s(self) -> float:
        return self.traffic.start_wall_s + self.traffic.seconds

    def time_of(self, promotion: Promotion) -> float:
        return promotion.wall_s - self.traffic.start_wall_s


def run_period(
    path: Path,
    wall_s: float,
    *,
    fleet: FleetConfig | None = None,
    trials: Sequence[Trial] = TRIALS,
    tell: Tell = lambda line: None,
) -> list[Promotion]:
    """Retrain on the log at `path` and write what came of it there; the new entries.

    Args:
        path: A decision log; its router may be running.
        wall_s: The time, seconds since 1970.
        fleet: The fleet that the log is of; None takes what it notes about it.
        trials: The heads to train.
        tell: Called with a line before each step.

    Raises:
        ConfigError: It is no decision log, there is nothing in it, or its fleet is unknown.
        sqlite3.Error: It cannot be read or written at present.
    """
    tell("reading the log")
    with LogReader(path) as reader:
        since_wall_s = reader.wall_of_newest(MOST_DECISIONS)
        live = _live(reader.states(PREFIX))
    log = _Log(read_traffic(path, fleet, since_wall_s), read_promotions(path), live, wall_s)
    entries = []
    for trial in trials:
        tell(f"{trial.name}: training and judging")
        for entry in _decide(log, trial):
            entries.append(entry)
            tell(f"{trial.name}: {entry.verdict.value}: {entry.reason}")
    write_promotions(path, entries)
    return entries


def _decide(log: _Log, trial: Trial) -> Iterator[Promotion]:
    mine = [each for each in log.promotions if each.head == trial.name and each.state is not None]
    latest = mine[-1] if mine else None
    if len(log.traffic.queries) < LEAST_QUERIES:
        text = f"{len(log.traffic.queries)} queries are too few"
        yield _entry(log, trial, Verdict.REFUSED, text, {})
        return
    if latest is not None and latest.verdict is Verdict.PROMOTED:
        rolled = _contradicted(log, trial, latest, mine[:-1])
        if rolled is not None:
            yield rolled
            mine = [*mine, rolled]
    yield _challenged(log, trial, mine)


def _challenged(log: _Log, trial: Trial, mine: Sequence[Promotion]) -> Promotion:
    """Train on the older part, judge on the newer one, promote what was trained on all of it."""
    split_s = OLDER * log.traffic.seconds
    in_force = _in_force(log, trial, mine)
    challenger = trial.fit(log.traffic, split_s, in_force)
    judgement = trial.compare(log.traffic, split_s, challenger, in_force)
    if not judgement.better:
        return _entry(log, trial, Verdict.REFUSED, judgement.reason, judgement.evidence)
    whole = trial.fit(log.traffic, float("inf"), in_force)
    before = _fitting(trial, log.live.get(trial.name))
    if before is None:
        before = in_force[-1][1] if in_force else trial.fresh()
    reason, evidence = judgement.reason, judgement.evidence
    return _entry(log, trial, Verdict.PROMOTED, reason, evidence, whole, before)


def _contradicted(
    log: _Log, trial: Trial, latest: Promotion, earlier: Sequence[Promotion]
) -> Promotion | None:
    """Put the predecessor back where the promoted head predicted worse since; None if not."""
    after, before = _state(trial, latest.state), _state(trial, latest.before)
    if after is None or before is None:
        return None
    from_s = max(0.0, log.time_of(latest))
    in_force = _in_force(log, trial, earlier)
    bet = bet_on_worse(trial.worse_by(log.traffic, from_s, (before, after), in_force))
    if not bet.contradicted:
        return None
    text = f"it predicted {bet.answers} answers since worse than what it replaced"
    evidence = {"answers": bet.answers, "gain": bet.gain, "promoted_wall_s": latest.wall_s}
    return _entry(log, trial, Verdict.ROLLED_BACK, text, evidence, before, after)


def _in_force(log: _Log, trial: Trial, mine: Sequence[Promotion]) -> list[tuple[float, State]]:
    """Heads that were put in place, with the log's time of each."""
    known = [(log.time_of(each), _state(trial, each.state)) for each in mine]
    return [(at_s, state) for at_s, state in known if state is not None]


def _state(trial: Trial, blob: bytes | None) -> State | None:
    """The state in a blob; None when it is damaged or of another layout."""
    if blob is None:
        return None
    try:
        return _fitting(trial, unpacked(unsealed(blob)))
    except BrokenSealError:
        return None


def _fitting(trial: Trial, part: Any) -> State | None:
    """The state of a part, if it is of the layout that this version knows."""
    if not isinstance(part, dict) or part.get("version") != trial.version():
        return None
    state: State = part["state"]
    return state


def _live(saved: Sequence[SavedState]) -> dict[str, Any]:
    """What the router that writes the log knew when it last saved it; damaged parts left out."""
    parts = {}
    for state in saved:
        try:
            parts[state.name.removeprefix(PREFIX)] = unpacked(unsealed(state.blob))["part"]
        except (BrokenSealError, LookupError, TypeError):
            continue
    return parts


def _entry(
    log: _Log,
    trial: Trial,
    verdict: Verdict,
    reason: str,
    evidence: dict[str, Any],
    state: State | None = None,
    before: State | None = None,
) -> Promotion:
    start_s = log.traffic.start_wall_s
    return Promotion(
        log.wall_s,
        trial.name,
        verdict,
        reason,
        start_s,
        log.until_wall_s,
        evidence,
        None if state is None else part_of(trial, state),
        None if before is None else part_of(trial, before),
    )


def part_of(trial: Trial, state: State) -> bytes:
    """A head's state as `ZetaDynamicRouter.restore` takes it, sealed."""
    return sealed(packed({"version": trial.version(), "state": state}))
