"""What was heard of answers in a log, and whose words stand in for an answer that never was."""

from __future__ import annotations

from bisect import bisect_left

from zeta_router.sim.replay.logged import LoggedQuery, Traffic


class Hearsay:
    """What was heard of each model's answers, by topic and time."""

    def __init__(self, traffic: Traffic) -> None:
        self._answers: dict[tuple[str, str], tuple[list[float], list[LoggedQuery]]] = {}
        for each in traffic.queries:
            model = _who_answered(each)
            if model is not None:
                key = (topic_of(each), model)
                times, answers = self._answers.setdefault(key, ([], []))
                times.append(each.query.arrived_at_s)
                answers.append(each)

    def of(self, each: LoggedQuery, model: str) -> LoggedQuery | None:
        """The query whose answer stands for an answer of `model` to `each`; None without any."""
        if _who_answered(each) == model:
            return each
        times, answers = self._answers.get((topic_of(each), model), ([], []))
        if not times:
            return None
        at_s = each.query.arrived_at_s
        after = bisect_left(times, at_s)
        near = answers[max(0, after - 1) : after + 1]
        return min(near, key=lambda other: abs(other.query.arrived_at_s - at_s))


def _who_answered(each: LoggedQuery) -> str | None:
    answered = each.answered
    return None if answered is None else each.model_of(answered.endpoint_id)


def topic_of(each: LoggedQuery) -> str:
    """The likeliest topic of a query, as it was first decided on."""
    task = each.decisions[0].task
    return task.topics[0].topic if task.topics else task.task.value


def judged_after_s(each: LoggedQuery) -> float:
    """How long after its end an answer was judged."""
    answered = each.answered
    if answered is None:
        return 0.0
    ended_s = answered.dispatched_at_s + (answered.outcome.e2e_s or 0.0)
    return max(0.0, each.judged_at_s - ended_s)
