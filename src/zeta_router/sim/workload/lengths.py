"""Length heads that know less or more than the product's own, to price what lengths are worth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from zeta_router.core.query import TopicShare
from zeta_router.learn.length.head import LOG_SIGMA_FLOOR, LengthHead


class KnownTopics(tuple[TopicShare, ...]):
    """A query's topics that also carry the true length of each model's answer.

    A length head is asked about topics and not about queries, so the truth has to travel with
    them.
    """

    tokens: Mapping[str, int]

    def __new__(cls, topics: Iterable[TopicShare], tokens: Mapping[str, int]) -> Self:
        """The topics, with the tokens of each model's answer."""
        known = super().__new__(cls, topics)
        known.tokens = tokens
        return known


class OracleLengths(LengthHead):
    """Knows every answer's length (``--lengths oracle``); the spread keeps its usual floor."""

    def expect(
        self,
        topics: Sequence[TopicShare],
        model: str,
        max_output_tokens: int | None = None,
        stretch: float = 1.0,
    ) -> tuple[float, float]:
        """The truth where the topics carry it, else what the head has learned."""
        if not isinstance(topics, KnownTopics):
            return super().expect(topics, model, max_output_tokens, stretch)
        tokens = topics.tokens[model]
        if max_output_tokens is not None:
            tokens = min(tokens, max_output_tokens)
        return float(tokens), LOG_SIGMA_FLOOR


class FrozenLengths(LengthHead):
    """Never learns: what is seeded is all it knows (``--lengths prior``)."""

    def observe(
        self,
        topics: Sequence[TopicShare],
        model: str,
        output_tokens: float,
        *,
        censored: bool = False,
        features: tuple[float, ...] = (),
    ) -> None:
        """Let it pass."""
