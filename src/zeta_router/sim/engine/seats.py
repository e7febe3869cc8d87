"""Who is in an engine: waiting, reading its prompt, or answering; within slots and KV memory.

Requests are let in first come, first served. When the KV cache is full the youngest sequence is
thrown out and later computes its prompt and what it had answered anew (vLLM's preemption by
recomputation). Nothing here knows the time: `engine.model` says when an iteration is over.
"""

from __future__ import annotations

from collections import deque
from math import inf

from zeta_router.learn.latency.prefix import PrefixCache
from zeta_router.sim.engine.batch import Batch
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.spec import EngineSpec


class Seats:
    """The requests inside one engine.

    Attributes:
        waiting: In order of arrival; what was thrown out stands in front.
        admitted: In order of admission: those that read their prompt and those that answer.
        prefilling: Those of them that read their prompt.
        completing: Those of them whose prompt the running iteration completes.
        batch: Those that answer.
    """

    def __init__(self, spec: EngineSpec) -> None:
        self.waiting: deque[Job] = deque()
        self.admitted: dict[str, Job] = {}
        self.prefilling: list[Job] = []
        self.completing: list[Job] = []
        self.batch = Batch()
        self._spec = spec
        self._prefix = PrefixCache(spec.prefix_blocks)
        self._budget = spec.prefill_chunk_tokens or inf
        self._kv_capacity = inf if spec.kv_tokens is None else spec.kv_tokens
        self._prefill_kv_tokens = 0
        self._leaving: list[Job] = []

    @property
    def kv_tokens(self) -> int:
        """Tokens in the KV cache, as of the last iteration boundary."""
        return self.batch.kv_tokens + self._prefill_kv_tokens

    @property
    def free(self) -> bool:
        """Whether a slot is free."""
        return len(self.admitted) < self._spec.slots

    def queue(self, job: Job) -> bool:
        """Have a request wait; False when its prompt can never fit into the KV cache."""
        room = self._kv_capacity - job.prompt_tokens
        if room < 1:
            return False
        if job.output_tokens > room:
            job.output_tokens = job.remaining_tokens = int(room)
            job.truncated = True
        self.waiting.append(job)
        return True

    def leave_soon(self, job: Job) -> bool:
        """Take a waiting request out; True when it is admitted and leaves at the boundary."""
        if job.id in self.admitted:
            self._leaving.append(job)
            return True
        if job in self.waiting:
            self.waiting.remove(job)
        return False

    def clear(self) -> list[Job]:
        """Lose everything; answers who was in."""
        lost = [*self.admitted.values(), *self.waiting]
        self.waiting.clear()
        self.admitted.clear()
        self.prefilling.clear()
        self.completing.clear()
        self._leaving.clear()
        self._prefix.clear()
        self.batch.clear()
        self._prefill_kv_tokens = 0
        return lost

    def read_prompts(self) -> int:
        """Lay out an iteration's prompt tokens, first come first served; answers how many."""
        budget = self._budget
        tokens = 0
        for job in self.prefilling:
            take = int(min(job.pending_tokens, budget))
            job.pending_tokens -= take
            budget -= take
            tokens += take
            if job.pending_tokens:
                break
            self.completing.append(job)
        return tokens

    def make_room(self) -> None:
        """Preempt the youngest until every sequence has room for one more token."""
        admitted = self.admitted
        while len(admitted) > 1 and self.kv_tokens + len(admitted) > self._kv_capacity:
            _, job = admitted.popitem()
            if job in self.prefilling:
                self.prefilling.remove(job)
                self._prefill_kv_tokens -= job.context_tokens
            else:
                job.remaining_tokens = self.batch.leave(job)
                answered = job.output_tokens - job.remaining_tokens
                job.context_tokens = job.prompt_tokens + answered
            job.preemptions += 1
            self.waiting.appendleft(job)

    def admit(self) -> None:
        """Let waiting requests in, in order, while slots and KV memory last."""
        waiting, admitted = self.waiting, self.admitted
        while waiting and len(admitted) < self._spec.slots:
            job = waiting[0]
            needed = self.kv_tokens + job.context_tokens + len(admitted) + 1
            if needed > self._kv_capacity:
                break
            waiting.popleft()
            cached = self._cached_tokens(job)
            if not job.started:
                job.cached_tokens = cached
            job.pending_tokens = job.context_tokens - cached
            admitted[job.id] = job
            self.prefilling.append(job)
            self._prefill_kv_tokens += job.context_tokens

    def _cached_tokens(self, job: Job) -> int:
        """Prompt tokens that need not be computed; the last one always is, to get its logits."""
        if not job.prefix_hashes or not self._spec.prefix_blocks:
            return 0
        hits = self._prefix.match(job.prefix_hashes)
        return max(0, min(hits * self._spec.block_tokens, job.prompt_tokens - 1))

    def complete_prompts(self) -> list[Job]:
        """Move the requests whose prompt is computed into the batch; answers the new ones."""
        fresh = []
        for job in self.completing:
            if job.id not in self.admitted:
                continue
            self.prefilling.remove(job)
            self._prefill_kv_tokens -= job.context_tokens
            self.batch.join(job)
            if job.prefix_hashes:
                self._prefix.insert(job.prefix_hashes)
            if not job.started:
                job.started = True
                fresh.append(job)
        self.completing.clear()
        return fresh

    def let_leave(self) -> None:
        """Take cancelled requests out."""
        for job in self._leaving:
            if self.admitted.pop(job.id, None) is None:
                continue
            if job in self.prefilling:
                self.prefilling.remove(job)
                self._prefill_kv_tokens -= job.context_tokens
            else:
                self.batch.leave(job)
        self._leaving.clear()
