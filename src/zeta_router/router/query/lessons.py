"""What each outcome teaches the predictors.

Failures never enter a latency estimate: a fast error is not a fast engine. A client's cancel
teaches nothing. Of more answers than `learn.thinning` lets through, only as many are learned from.

An answer in one piece shows only its end. How many tokens it has is known then, so the prediction
for as many is taken to be off by one factor, in its first token as in the others. That cannot tell
the two apart as streams can, but a fleet whose clients never stream is known as fast as it is.

A stream may come in one piece, too: engines hold a tool call back until it is whole. Its tokens
then stand microseconds apart, which says nothing about the pace of the engine, and is not learned.
"""

from __future__ import annotations

from collections.abc import Sequence

from zeta_router.core.outcome import Outcome, Status
from zeta_router.core.query import TopicShare
from zeta_router.router.endpoint.state import EndpointState
from zeta_router.router.knowledge import Knowledge
from zeta_router.router.query.cases import Attempt

BURST = 0.1
"""Tokens came in one piece where they took less than this part of the wait for the first one, and
of the time that so many were expected to take."""


def on_first_token(state: EndpointState, attempt: Attempt, at_s: float) -> None:
    """Learn the time to first token from what the query met when it was dispatched."""
    ttft_s = at_s - attempt.dispatched_at_s
    if attempt.load_s > 0.0:
        state.residency.first_token(at_s, max(0.0, attempt.expected_ttft_s - attempt.load_s))
        state.touch()
        return
    if state.on_trial or state.first_lessons.spare_one(at_s):
        _observe_ttft(state, attempt, ttft_s)
    state.learned_at_s = at_s
    state.peak.observe(ttft_s, at_s)
    state.touch()


def true_up(state: EndpointState, attempt: Attempt, outcome: Outcome, at_s: float) -> float:
    """Correct the price by what the attempt really took, against what it was charged for.

    Returns the difference in engine-seconds.

    An attempt that never reached the engine took nothing; one that was cut short took its prompt,
    if a token came, and what it had produced.
    """
    tokens = outcome.output_tokens
    if tokens is None:
        tokens = attempt.emitted_tokens
    begun = attempt.first_token_at_s is not None or outcome.status is Status.OK
    taken_s = 0.0
    if begun:
        state.prefixes.told(attempt.cached_tokens, outcome.cached_tokens)
        cached = attempt.cached_tokens
        if outcome.cached_tokens is not None:
            cached = min(outcome.cached_tokens, attempt.prompt_tokens)
        taken_s = state.latency.work_s(attempt.prompt_tokens - cached, tokens)
    state.price.correct(at_s, taken_s - attempt.work_s)
    return taken_s - attempt.work_s


def on_end(
    state: EndpointState,
    knowledge: Knowledge,
    topics: Sequence[TopicShare],
    attempt: Attempt,
    outcome: Outcome,
    company: tuple[float, int],
    at_s: float,
    features: tuple[float, ...] = (),
) -> None:
    """Learn token rate and answer length from a query that was served to its end.

    `company` is what it decoded beside: mean batch, and prompt tokens of others. `features` are
    those of the query.
    """
    if outcome.status is not Status.OK:
        if attempt.load_s > 0.0 and attempt.first_token_at_s is None and not state.attempts:
            state.residency.given_up()
        return
    state.learned_at_s = at_s
    state.touch()
    if not state.on_trial and not state.last_lessons.spare_one(at_s):
        return
    if attempt.first_token_at_s is None and outcome.ttft_s is None:
        _learn_whole(state, attempt, outcome, company, at_s)
    elif outcome.tpot_s is not None and not _is_burst(state, outcome, company[0]):
        _observe_tpot(state, attempt, outcome, company, outcome.tpot_s)
    state.on_trial = False
    if outcome.output_tokens is not None:
        knowledge.length.observe(
            tuple(topics),
            state.model.name,
            outcome.output_tokens,
            censored=outcome.finish_reason == "length",
            features=features,
        )


def _is_burst(state: EndpointState, outcome: Outcome, batch: float) -> bool:
    """Whether the tokens of a stream came all at once."""
    tpot_s, ttft_s, e2e_s = outcome.tpot_s, outcome.ttft_s, outcome.e2e_s
    if tpot_s is None or ttft_s is None or e2e_s is None:
        return False
    return e2e_s - ttft_s < BURST * ttft_s and tpot_s < BURST * state.latency.decode_s(batch)


def _learn_whole(
    state: EndpointState,
    attempt: Attempt,
    outcome: Outcome,
    company: tuple[float, int],
    at_s: float,
) -> None:
    """Learn both from an answer in one piece that waited for neither a slot nor its model."""
    tokens, e2e_s = outcome.output_tokens, outcome.e2e_s
    if not tokens or e2e_s is None or attempt.load_s > 0.0 or attempt.batch >= state.slots:
        return
    ttft_s, tpot_s = attempt.expected_ttft_s, state.latency.decode_s(company[0])
    expected_s = ttft_s + (tokens - 1) * tpot_s
    if not expected_s > 0.0:
        return
    factor = e2e_s / expected_s
    _observe_ttft(state, attempt, factor * ttft_s)
    state.peak.observe(factor * ttft_s, at_s)
    if tokens > 1:
        _observe_tpot(state, attempt, outcome, company, factor * tpot_s)


def _observe_ttft(state: EndpointState, attempt: Attempt, ttft_s: float) -> None:
    state.latency.observe_ttft(
        ttft_s,
        prompt_tokens=attempt.prompt_tokens,
        cached_tokens=attempt.cached_tokens,
        pending_prefill_tokens=attempt.pending_prefill_tokens,
        batch=attempt.batch,
        slots=state.slots,
        trial=state.on_trial,
    )


def _observe_tpot(
    state: EndpointState,
    attempt: Attempt,
    outcome: Outcome,
    company: tuple[float, int],
    tpot_s: float,
) -> None:
    batch, prefilled = company
    state.latency.observe_tpot(
        tpot_s,
        batch=batch,
        met_batch=attempt.batch,
        output_tokens=outcome.output_tokens,
        prefill_tokens_during=prefilled,
        trial=state.on_trial,
    )
