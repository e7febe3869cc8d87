"""When to ask again: the time until a slot frees for somebody at the end of the line."""

from __future__ import annotations

from collections.abc import Sequence

SHORTEST_S = 1.0
LONGEST_S = 120.0


def retry_after_s(running: Sequence[Sequence[float]], slots: Sequence[int], ahead: int) -> float:
    """Seconds until a slot is expected to be free for one more query.

    The running queries end one after the other; each end serves one query of the line. When more
    are ahead than are running, the rest drains at the rate at which the running ones end.

    Args:
        running: Per capable endpoint, the expected remaining seconds of each query in flight.
        slots: Per capable endpoint, how many it works on at once.
        ahead: Queries that wait before this one.

    Returns:
        Seconds within [1, 120]: 1 because HTTP's Retry-After has no smaller step.
    """
    ends = sorted(end_s for endpoint in running for end_s in endpoint)
    if not ends:
        return SHORTEST_S
    if ahead < len(ends):
        wait_s = ends[ahead]
    else:
        mean_s = 2.0 * sum(ends) / len(ends)
        wait_s = ends[-1] + (ahead - len(ends) + 1) * mean_s / max(1, sum(slots))
    return min(max(wait_s, SHORTEST_S), LONGEST_S)
