"""One request inside an engine, and who is told what becomes of it."""

from __future__ import annotations

from typing import Protocol


class Job:
    """One request inside an engine. Its engine changes it; others only read.

    Attributes:
        prompt_tokens: Length of its prompt.
        output_tokens: Tokens that it will answer with, at least 1.
        prefix_hashes: Chained hashes of its prompt's leading blocks.
        truncated: Whether memory cuts its answer short.
        started: Whether its first token is out.
        cached_tokens: Prompt tokens found in the prefix cache.
        preemptions: How often it was thrown out of a full KV cache.
        context_tokens: Tokens to compute before its next token: the prompt, and after a
            preemption also what it had answered.
        pending_tokens: What of that is still to be computed.
        remaining_tokens: Tokens still to come at its (latest) admission.
        finish_step: The engine's step that brings its last token; -1 while it is not running.
        kv_base: Its KV tokens minus the engine's step counter.
    """

    __slots__ = (
        "cached_tokens",
        "context_tokens",
        "finish_step",
        "id",
        "kv_base",
        "output_tokens",
        "pending_tokens",
        "preemptions",
        "prefix_hashes",
        "prompt_tokens",
        "remaining_tokens",
        "started",
        "truncated",
    )

    def __init__(
        self,
        job_id: str,
        prompt_tokens: int,
        output_tokens: int,
        prefix_hashes: tuple[int, ...] = (),
    ) -> None:
        self.id = job_id
        self.prompt_tokens = prompt_tokens
        self.output_tokens = max(1, output_tokens)
        self.prefix_hashes = prefix_hashes
        self.truncated = False
        self.started = False
        self.cached_tokens = 0
        self.preemptions = 0
        self.context_tokens = prompt_tokens
        self.pending_tokens = 0
        self.remaining_tokens = self.output_tokens
        self.finish_step = -1
        self.kv_base = 0


class Listener(Protocol):
    """Who is told what an engine did, at the virtual time at which it did it."""

    def first_token(self, job: Job) -> None:
        """The first token of `job` is out."""

    def finished(self, job: Job) -> None:
        """The last token of `job` is out."""

    def failed(self, job: Job) -> None:
        """The engine died with `job` in it."""
