"""A model of one inference engine with continuous batching, exact and without a loop per token.

The engine works in iterations, as vLLM, SGLang and llama.cpp do. Each gives every running sequence
one token and computes up to a budget of prompt tokens beside it; the request whose prompt is
complete in it gets its first token at its end. Requests join and leave between iterations only,
first come first served. Because nothing changes between two joins or leaves, a stretch of equal
iterations is one event: its length is known in closed form, and an arrival in the middle cuts it
off at the end of the iteration it falls into. So an answer of 500 tokens costs as much to simulate
as one of 5, and the times are the same as if every token had been an event (a property test
compares the two).

When the KV cache is full the youngest sequence is thrown out and later computes its prompt and
what it had answered anew (vLLM's preemption by recomputation).

Left out: the network, tokenising, the block granularity of the KV cache, speculative decoding.
"""

from __future__ import annotations

from collections import deque
from math import inf

from zeta_router.core.errors import BugError
from zeta_router.learn.latency.prefix import PrefixCache
from zeta_router.sim.engine.batch import Batch
from zeta_router.sim.engine.job import Job, Listener
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.engine.stretch import Stretch
from zeta_router.sim.kernel import Kernel


class Engine:
    """One engine; `submit` and `cancel` may be called at any virtual time, also by the listener.

    Attributes:
        busy_s: Time spent in iterations.
        served_tokens: Tokens produced.
        alive: Whether it answers at all.
        resident: Whether its model is in memory.
    """

    def __init__(self, kernel: Kernel, spec: EngineSpec, listener: Listener) -> None:
        self.spec = spec
        self.busy_s = 0.0
        self.served_tokens = 0
        self.alive = True
        self.resident = spec.resident
        self._kernel = kernel
        self._listener = listener
        self._prefix = PrefixCache(spec.prefix_blocks)
        self._budget = spec.prefill_chunk_tokens or inf
        self._kv_capacity = inf if spec.kv_tokens is None else spec.kv_tokens
        self._slow_factor = 1.0
        self._waiting: deque[Job] = deque()
        self._admitted: dict[str, Job] = {}  # in the order of admission: prefilling and running
        self._prefilling: list[Job] = []
        self._completing: list[Job] = []  # those of them whose prompt this iteration completes
        self._prefill_kv_tokens = 0
        self._batch = Batch()
        self._leaving: list[Job] = []
        self._stretch: Stretch | None = None  # None: idle
        self._version = 0
        self._in_boundary = False
        self._blocked_until_s = 0.0
        self._stalled_until_s = 0.0
        self._idle_since_s = 0.0

    # ---- what may be asked of it

    @property
    def running(self) -> int:
        """Requests it works on, as its metrics would say."""
        return len(self._admitted)

    @property
    def waiting(self) -> int:
        """Requests queued inside it."""
        return len(self._waiting)

    @property
    def kv_used_tokens(self) -> int:
        """Tokens in its KV cache, as of the last iteration boundary."""
        return self._batch.kv_tokens + self._prefill_kv_tokens

    def produced_tokens(self, job: Job, now_s: float) -> int:
        """Tokens of a running job that are out at `now_s`, between boundaries, too."""
        if job.finish_step < 0:
            return job.output_tokens - job.remaining_tokens
        steps = self._batch.steps
        if self._stretch is not None and self._stretch.gives_tokens:
            steps += self._stretch.completed(now_s)
        return job.output_tokens - (job.finish_step - steps)

    def submit(self, job: Job) -> bool:
        """Take a request; False when its prompt can never fit into the KV cache.

        Raises:
            BugError: If the engine is not alive; whoever drives it has to ask first.
        """
        if not self.alive:
            raise BugError(f"request {job.id} was given to an engine that is down")
        room = self._kv_capacity - job.prompt_tokens
        if room < 1:
            return False
        if job.output_tokens > room:
            job.output_tokens = job.remaining_tokens = int(room)
            job.truncated = True
        self._waiting.append(job)
        if self._in_boundary:
            return True
        if self._stretch is None:
            self._wake()
        elif len(self._admitted) < self.spec.slots:
            self._cut()
        return True

    def cancel(self, job: Job) -> None:
        """The client left: the slot is free from the end of the running iteration on."""
        if job.id in self._admitted:
            self._leaving.append(job)
            self._cut()
        elif job in self._waiting:
            self._waiting.remove(job)

    # ---- what may happen to it

    @property
    def in_memory(self) -> bool:
        """Whether its model is loaded, or is still being kept after its last work."""
        keep_s = self.spec.keep_alive_s
        idle_s = self._kernel.now_s - self._idle_since_s
        return self.resident and not (
            self._stretch is None and keep_s is not None and idle_s > keep_s
        )

    def load(self) -> None:
        """Bring the model into memory, as the smallest call does."""
        if self.in_memory:
            self._idle_since_s = self._kernel.now_s
        elif self._stretch is None:
            now_s = self._kernel.now_s
            self.resident = True
            self._blocked_until_s = max(self._blocked_until_s, now_s + self.spec.load_s)
            self._idle_since_s = self._blocked_until_s

    @property
    def stalled(self) -> bool:
        """Whether it neither works nor answers for the moment."""
        return self._kernel.now_s < self._stalled_until_s

    def slow_down(self, factor: float) -> None:
        """Make every iteration from the next one on take `factor` times its normal time."""
        self._slow_factor = factor
        self._cut()

    def stall(self, duration_s: float) -> None:
        """Stand still for `duration_s` from now; nothing is lost."""
        self._stalled_until_s = max(self._stalled_until_s, self._kernel.now_s + duration_s)
        if self._stretch is None:
            self._blocked_until_s = max(self._blocked_until_s, self._stalled_until_s)
            return
        self._stretch.cut(self._kernel.now_s)
        self._stretch.paused_s += duration_s
        self._schedule(self._stretch)

    def kill(self) -> None:
        """Die with everything in it; the listener hears of every request that was lost."""
        lost = [*self._admitted.values(), *self._waiting]
        if self._stretch is not None:
            done_s = self._kernel.now_s - self._stretch.start_s
            self.busy_s += min(max(0.0, done_s), self._stretch.working_s)
        self.alive = self.resident = False
        self._version += 1
        self._stretch = None
        self._waiting.clear()
        self._admitted.clear()
        self._prefilling.clear()
        self._completing.clear()
        self._leaving.clear()
        self._prefix.clear()
        self._batch.clear()
        self._prefill_kv_tokens = 0
        for job in lost:
            self._listener.failed(job)

    def restart(self) -> None:
        """Come back empty; the first requests wait until the model is loaded."""
        self.alive = self.resident = True
        self._idle_since_s = self._kernel.now_s
        self._blocked_until_s = self._kernel.now_s + self.spec.load_s

    # ---- iterations

    def _wake(self) -> None:
        """Start working at once, or when the model is loaded or a stall is over."""
        now_s = self._kernel.now_s
        keep_s = self.spec.keep_alive_s
        if keep_s is not None and now_s - self._idle_since_s > keep_s:
            self.resident = False
        if not self.resident:
            self.resident = True
            self._blocked_until_s = max(self._blocked_until_s, now_s + self.spec.load_s)
        if now_s < self._blocked_until_s:
            self._schedule(
                Stretch(self._blocked_until_s)
            )  # of no duration: ends when work may begin
        else:
            self._plan()

    def _plan(self) -> None:
        """At an iteration boundary: let requests in and lay out the iterations to come."""
        self._make_room()
        self._admit()
        if self._prefilling:
            self._schedule(self._prefill_stretch())
        elif self._batch.size:
            self._schedule(self._decode_stretch())
        else:
            self._stretch = None
            self._idle_since_s = self._kernel.now_s

    def _schedule(self, stretch: Stretch) -> None:
        """Have a boundary at the end of `stretch`; an earlier plan is forgotten."""
        self._stretch = stretch
        self._version += 1
        self._kernel.at(max(stretch.end_s, self._kernel.now_s), self._boundary, self._version)

    def _cut(self) -> None:
        """End the stretch with the iteration that is running."""
        if self._in_boundary or self._stretch is None:
            return
        if self._stretch.cut(self._kernel.now_s):
            self._schedule(self._stretch)

    def _make_room(self) -> None:
        """Preempt the youngest until every sequence has room for one more token."""
        admitted = self._admitted
        while len(admitted) > 1 and self.kv_used_tokens + len(admitted) > self._kv_capacity:
            _, job = admitted.popitem()
            if job in self._prefilling:
                self._prefilling.remove(job)
                self._prefill_kv_tokens -= job.context_tokens
            else:
                job.remaining_tokens = self._batch.leave(job)
                answered = job.output_tokens - job.remaining_tokens
                job.context_tokens = job.prompt_tokens + answered
            job.preemptions += 1
            self._waiting.appendleft(job)

    def _admit(self) -> None:
        """Let waiting requests in, in order, while slots and KV memory last."""
        waiting, admitted = self._waiting, self._admitted
        while waiting and len(admitted) < self.spec.slots:
            job = waiting[0]
            needed = self.kv_used_tokens + job.context_tokens + len(admitted) + 1
            if needed > self._kv_capacity:
                break
            waiting.popleft()
            cached = self._cached_tokens(job)
            if not job.started:
                job.cached_tokens = cached
            job.pending_tokens = job.context_tokens - cached
            admitted[job.id] = job
            self._prefilling.append(job)
            self._prefill_kv_tokens += job.context_tokens

    def _cached_tokens(self, job: Job) -> int:
        """Prompt tokens that need not be computed; the last one always is, to get its logits."""
        if not job.prefix_hashes or not self.spec.prefix_blocks:
            return 0
        hits = self._prefix.match(job.prefix_hashes)
        return max(0, min(hits * self.spec.block_tokens, job.prompt_tokens - 1))

    def _prefill_stretch(self) -> Stretch:
        """One iteration with prompt tokens in it, first come first served."""
        budget = self._budget
        tokens = 0
        for job in self._prefilling:
            take = int(min(job.pending_tokens, budget))
            job.pending_tokens -= take
            budget -= take
            tokens += take
            if job.pending_tokens:
                break
            self._completing.append(job)
        sequences = self._batch.size + len(self._completing)
        time_s = tokens / self.spec.prefill_tokens_per_s
        if sequences:
            time_s += self.spec.step_time_s(sequences, self.kv_used_tokens)
        return Stretch(
            self._kernel.now_s, 1, time_s * self._slow_factor, gives_tokens=sequences > 0
        )

    def _decode_stretch(self) -> Stretch:
        """Iterations until the next answer is complete or the KV cache is full."""
        size, used = self._batch.size, self.kv_used_tokens
        steps = self._batch.steps_to_finish()
        if self.spec.kv_tokens is not None:
            steps = max(1, min(steps, (self.spec.kv_tokens - used) // size))
        return Stretch(
            self._kernel.now_s,
            steps,
            self.spec.step_time_s(size, used) * self._slow_factor,
            self.spec.step_per_kv_token_s * size * self._slow_factor,
            gives_tokens=True,
        )

    def _boundary(self, version: int) -> None:
        """The planned iterations are over: tell who got a token, then plan anew."""
        if version != self._version or self._stretch is None:
            return
        self._in_boundary = True
        stretch, batch = self._stretch, self._batch
        self.busy_s += stretch.working_s
        if stretch.gives_tokens:
            batch.steps += stretch.steps
            self.served_tokens += batch.size * stretch.steps + len(self._completing)
        self._let_leave()
        for job in self._complete_prefill():
            self._listener.first_token(job)
        while (done := batch.pop_finished()) is not None:
            del self._admitted[done.id]
            self._listener.finished(done)
        self._let_leave()
        self._in_boundary = False
        self._plan()

    def _complete_prefill(self) -> list[Job]:
        """Move the requests whose prompt is computed into the batch; answers the new ones."""
        fresh = []
        for job in self._completing:
            if job.id not in self._admitted:
                continue
            self._prefilling.remove(job)
            self._prefill_kv_tokens -= job.context_tokens
            self._batch.join(job)
            if job.prefix_hashes:
                self._prefix.insert(job.prefix_hashes)
            if not job.started:
                job.started = True
                fresh.append(job)
        self._completing.clear()
        return fresh

    def _let_leave(self) -> None:
        """Take cancelled requests out."""
        for job in self._leaving:
            if self._admitted.pop(job.id, None) is None:
                continue
            if job in self._prefilling:
                self._prefilling.remove(job)
                self._prefill_kv_tokens -= job.context_tokens
            else:
                self._batch.leave(job)
        self._leaving.clear()
