"""A model of one inference engine with continuous batching, exact and without a loop per token.

The engine works in iterations, as vLLM, SGLang and llama.cpp do. Each gives every running sequence
one token and computes up to a budget of prompt tokens beside it; the request whose prompt is
complete in it gets its first token at its end. Requests join and leave between iterations only,
first come first served. Because nothing changes between two joins or leaves, a stretch of equal
iterations is one event: its length is known in closed form, and an arrival in the middle cuts it
off at the end of the iteration it falls into. So an answer of 500 tokens costs as much to simulate
as one of 5, and the times are the same as if every token had been an event (a property test
compares the two).

Left out: the network, tokenising, the block granularity of the KV cache, speculative decoding.
"""

from __future__ import annotations

from zeta_router.core.errors import BugError
from zeta_router.sim.engine.job import Job, Listener
from zeta_router.sim.engine.seats import Seats
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
        self._seats = Seats(spec)
        self._slow_factor = 1.0
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
        return len(self._seats.admitted)

    @property
    def waiting(self) -> int:
        """Requests queued inside it."""
        return len(self._seats.waiting)

    @property
    def kv_used_tokens(self) -> int:
        """Tokens in its KV cache, as of the last iteration boundary."""
        return self._seats.kv_tokens

    def produced_tokens(self, job: Job, now_s: float) -> int:
        """Tokens of a running job that are out at `now_s`, between boundaries, too."""
        if job.finish_step < 0:
            return job.output_tokens - job.remaining_tokens
        steps = self._seats.batch.steps
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
        if not self._seats.queue(job):
            return False
        if self._in_boundary:
            return True
        if self._stretch is None:
            self._wake()
        elif self._seats.free:
            self._cut()
        return True

    def cancel(self, job: Job) -> None:
        """The client left: the slot is free from the end of the running iteration on."""
        if self._seats.leave_soon(job):
            self._cut()

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
        if self._stretch is not None:
            done_s = self._kernel.now_s - self._stretch.start_s
            self.busy_s += min(max(0.0, done_s), self._stretch.working_s)
        self.alive = self.resident = False
        self._version += 1
        self._stretch = None
        for job in self._seats.clear():
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
        self._seats.make_room()
        self._seats.admit()
        if self._seats.prefilling:
            self._schedule(self._prefill_stretch())
        elif self._seats.batch.size:
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

    def _prefill_stretch(self) -> Stretch:
        """One iteration with prompt tokens in it, first come first served."""
        tokens = self._seats.read_prompts()
        sequences = self._seats.batch.size + len(self._seats.completing)
        time_s = tokens / self.spec.prefill_tokens_per_s
        if sequences:
            time_s += self.spec.step_time_s(sequences, self._seats.kv_tokens)
        return Stretch(
            self._kernel.now_s, 1, time_s * self._slow_factor, gives_tokens=sequences > 0
        )

    def _decode_stretch(self) -> Stretch:
        """Iterations until the next answer is complete or the KV cache is full."""
        size, used = self._seats.batch.size, self._seats.kv_tokens
        steps = self._seats.batch.steps_to_finish()
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
        stretch, seats, batch = self._stretch, self._seats, self._seats.batch
        self.busy_s += stretch.working_s
        if stretch.gives_tokens:
            batch.steps += stretch.steps
            self.served_tokens += batch.size * stretch.steps + len(seats.completing)
        seats.let_leave()
        for job in seats.complete_prompts():
            self._listener.first_token(job)
        while (done := batch.pop_finished()) is not None:
            del seats.admitted[done.id]
            self._listener.finished(done)
        seats.let_leave()
        self._in_boundary = False
        self._plan()
