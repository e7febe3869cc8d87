"""What is asked: a query as the router sees it, without its text.

The text stays at the edge that received it. What the router needs of it travels as numbers
(`features`, token counts, hashes), so that decisions can be logged, shared and replayed without
anybody's words in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Task(StrEnum):
    """What kind of work a query is. Static routes and SLOs look at nothing finer."""

    SIMPLE = "simple"
    CODE = "code"
    REASONING = "reasoning"
    EMBEDDING = "embedding"
    RERANK = "rerank"


GENERATIVE_TASKS = (Task.SIMPLE, Task.CODE, Task.REASONING)
"""The tasks a classifier has to tell apart; the others follow from the address that was called."""


class Operation(StrEnum):
    """Which of the OpenAI-style calls was made."""

    CHAT = "chat"
    COMPLETION = "completion"
    RESPONSE = "response"
    EMBEDDING = "embedding"
    RERANK = "rerank"


class Lane(StrEnum):
    """Priority lane, in the order in which lanes are served."""

    INTERACTIVE = "interactive"
    NORMAL = "normal"
    BATCH = "batch"


LANES = tuple(Lane)


class Capability(StrEnum):
    """What a request needs beyond plain text in, plain text out."""

    TOOLS = "tools"
    VISION = "vision"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Slo:
    """Latency objectives in seconds; None means that nothing is promised.

    `ttft_s` counts from arrival at the router to the first token, `tpot_s` is the mean time per
    output token after the first, `e2e_s` is arrival to last token.
    """

    ttft_s: float | None = None
    tpot_s: float | None = None
    e2e_s: float | None = None

    def scaled(self, factor: float) -> Slo:
        """This objective with every bound times `factor`."""
        return Slo(
            self.ttft_s * factor if self.ttft_s is not None else None,
            self.tpot_s * factor if self.tpot_s is not None else None,
            self.e2e_s * factor if self.e2e_s is not None else None,
        )

    def or_else(self, default: Slo) -> Slo:
        """This objective, with `default` wherever nothing is stated here."""
        if default is NO_SLO:
            return self
        if self is NO_SLO:
            return default
        return Slo(
            self.ttft_s if self.ttft_s is not None else default.ttft_s,
            self.tpot_s if self.tpot_s is not None else default.tpot_s,
            self.e2e_s if self.e2e_s is not None else default.e2e_s,
        )


NO_SLO = Slo()
"""Nothing is promised."""


class TopicShare(NamedTuple):
    """One topic a query may belong to, with its probability.

    A topic is the task type refined by what the text tells (domain, difficulty band). Its name is
    a bounded label; without refinement it is the task's own name.
    """

    topic: str
    task: Task
    probability: float


class TaskEstimate(NamedTuple):
    """What a query asks for, as far as can be told.

    `task` is the task type to act on (it need not be the most probable one: calling a hard query
    simple costs more than the reverse). `topics` is the whole posterior, probabilities summing
    to 1, most probable first; a flat one means that the classifier abstains.
    """

    task: Task
    topics: tuple[TopicShare, ...]

    def probability(self, task: Task) -> float:
        """Posterior mass of `task`, summed over its topics."""
        return sum(share.probability for share in self.topics if share.task is task)


def certain(task: Task, topic: str | None = None) -> TaskEstimate:
    """The estimate of somebody who knows: all mass on one topic (the task's own name if None)."""
    return TaskEstimate(task, (TopicShare(topic or task.value, task, 1.0),))


PREFIX_BLOCK_TOKENS = 512
"""Prompt tokens that one of `Query.prefix_hashes` stands for (as in Mooncake's traces)."""

AUTO = "auto"
"""The `model_requested` of a query whose model the router chooses."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a conversation was when it asked, as hashes: to notice that the same is asked again.

    Attributes:
        whole: Of everything that was said, the question included.
        before: Of everything before the question.
        words: The smallest hashes of the question's words, ascending: two questions share about
            as many as they share words.
    """

    whole: int
    before: int
    words: tuple[int, ...] = ()


ADDRESS = "ip-"
"""How an asker begins that is known by its network address alone."""


class Query(NamedTuple):
    """One request to be placed on an endpoint.

    Attributes:
        id: Unique; also the decision id that clients see, and the seed of every draw made for it.
        arrived_at_s: When it arrived, on the driver's clock.
        operation: Which call it is.
        model_requested: `AUTO`, or the name of a model of the fleet, which pins that model.
        features: What the text was reduced to (`learn.task.ask`); empty when there is no text.
        task: Set when the task is known from elsewhere (a hint, a table); None asks the classifier.
        prompt_tokens: Estimated input length in tokens.
        max_output_tokens: The client's limit; None when it set none.
        slo: The client's own objectives; the fleet's per-task defaults fill the gaps.
        max_wait_s: Longest time it may be held before it is answered with an honest error; None
            takes the fleet's limit.
        weight: What a good answer to this query is worth, relative to 1.
        prefix_hashes: Chained hashes of the leading blocks of `PREFIX_BLOCK_TOKENS`: equal ones
            mean that everything up to that block is the same.
        asker: Whose judgement of the answer it would be: tenant, key or address, hashed; empty
            when unknown. Bounds what one client can make of a model's quality.
        fingerprint: To notice that it is asked again; None where that says nothing.
    """

    id: str
    arrived_at_s: float
    operation: Operation = Operation.CHAT
    model_requested: str = AUTO
    features: tuple[float, ...] = ()
    task: TaskEstimate | None = None
    prompt_tokens: int = 0
    max_output_tokens: int | None = None
    needs: frozenset[Capability] = frozenset()
    slo: Slo = NO_SLO
    lane: Lane = Lane.NORMAL
    tenant: str = ""
    session_id: str = ""
    stream: bool = False
    max_wait_s: float | None = None
    weight: float = 1.0
    prefix_hashes: tuple[int, ...] = ()
    asker: str = ""
    fingerprint: Fingerprint | None = None
