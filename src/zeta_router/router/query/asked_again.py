"""Noticing that somebody asks again what was just answered: the answer was not good enough.

From hashes alone. In a conversation that names itself, three things count: the very same again
(regenerate), another question in the same place (edited), and a question of mostly the same words
(rephrased). Without a name only the very same again from the same asker does, and only where there
was an answer before it: two people behind one key ask different things, and programs ask the same
first question all day.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from zeta_router.core.query import Fingerprint, Query

AGAIN_S = 120.0
"""How long after an answer's end asking again is about that answer (ALGORITHMS §7.2)."""

REMEMBERED = 10_000
"""Conversations and askers, those unheard of for the longest time forgotten first."""

SAME_WORDS = 0.5
"""Share of common words from which on a question is a rephrased one."""

_LAST = 4
_FEWEST_WORDS = 4

_Key = tuple[str, str]


class AskedAgain:
    """The latest answers of each conversation, or of each asker without one."""

    def __init__(self) -> None:
        self._latest: OrderedDict[_Key, deque[tuple[str, Fingerprint, float]]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._latest)

    def answered(self, query: Query, at_s: float) -> bool:
        """An answer has ended. Whether asking again would be noticed."""
        key, asked = _key(query), query.fingerprint
        if key is None or asked is None:
            return False
        latest = self._latest.setdefault(key, deque(maxlen=_LAST))
        latest.append((query.id, asked, at_s))
        self._latest.move_to_end(key)
        if len(self._latest) > REMEMBERED:
            self._latest.popitem(last=False)
        return True

    def arrived(self, query: Query, at_s: float) -> str | None:
        """The answered query that this one asks again; None for a new question."""
        key, asked = _key(query), query.fingerprint
        latest = self._latest.get(key) if key is not None else None
        if latest is None or asked is None:
            return None
        talk = bool(query.session_id)
        for place in range(len(latest) - 1, -1, -1):
            query_id, before, ended_s = latest[place]
            if at_s - ended_s <= AGAIN_S and _is_again(asked, before, talk=talk):
                del latest[place]
                return query_id
        return None


def _key(query: Query) -> _Key | None:
    if query.session_id:
        return query.tenant, f"/{query.session_id}"
    who = query.asker or query.tenant
    goes_on = query.fingerprint is not None and query.fingerprint.before != 0
    return (who, "") if who and goes_on else None


def _is_again(asked: Fingerprint, before: Fingerprint, *, talk: bool) -> bool:
    if asked.whole == before.whole:
        return True
    if not talk:
        return False
    if asked.before and asked.before == before.before:
        return True
    return common_words(asked.words, before.words) >= SAME_WORDS


def common_words(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """Share of the words of both that are common, 0..1, from their smallest hashes.

    0 where either has too few to say.
    """
    size = min(len(a), len(b))
    if size < _FEWEST_WORDS:
        return 0.0
    both = set(a) & set(b)
    smallest = sorted(set(a) | set(b))[:size]
    return sum(1 for word in smallest if word in both) / size
