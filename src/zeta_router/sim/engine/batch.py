"""The sequences that get a token in every iteration, counted without touching each of them.

All running sequences advance together, so one step counter serves them all: a sequence is complete
when the counter reaches the number it was given at its start, and its KV tokens are that counter
plus a constant. Joining and leaving cost O(log n), an iteration costs nothing.
"""

from __future__ import annotations

from heapq import heappop, heappush

from zeta_router.sim.engine.job import Job


class Batch:
    """Running sequences of one engine.

    Attributes:
        size: Sequences in it.
        steps: Iterations so far in which sequences got a token.
    """

    __slots__ = ("_heap", "_kv_base", "_serial", "size", "steps")

    def __init__(self) -> None:
        self.size = 0
        self.steps = 0
        self._heap: list[tuple[int, int, Job]] = []
        self._kv_base = 0
        self._serial = 0

    @property
    def kv_tokens(self) -> int:
        """Tokens that its sequences hold in the KV cache."""
        return self._kv_base + self.size * self.steps

    def join(self, job: Job) -> None:
        """Take in a sequence whose first token (of this admission) came with the latest step."""
        before = self.steps - 1
        job.finish_step = before + job.remaining_tokens
        job.kv_base = job.context_tokens - before
        self._kv_base += job.kv_base
        self.size += 1
        self._serial += 1
        heappush(self._heap, (job.finish_step, self._serial, job))

    def leave(self, job: Job) -> int:
        """Take a sequence out; answers how many tokens it still had to get."""
        left = job.finish_step - self.steps
        job.finish_step = -1  # makes its entry in the heap a stale one
        self.size -= 1
        self._kv_base -= job.kv_base
        return left

    def steps_to_finish(self) -> int:
        """Steps until the next sequence is complete; the batch must not be empty."""
        heap = self._heap
        while heap[0][2].finish_step != heap[0][0]:
            heappop(heap)
        return heap[0][0] - self.steps

    def pop_finished(self) -> Job | None:
        """A sequence that has got its last token, taken out; None when there is none left.

        In the order in which they joined.
        """
        heap = self._heap
        while heap and heap[0][0] <= self.steps:
            finish_step, _, job = heappop(heap)
            if job.finish_step == finish_step:
                self.leave(job)
                return job
        return None

    def clear(self) -> None:
        """Lose everything."""
        self._heap.clear()
        self.size = 0
        self._kv_base = 0
