"""The same requests on the simulator's engine: what it would have said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zeta_router.learn.latency.calibration_windows import Heard
from zeta_router.sim.engine.job import Job
from zeta_router.sim.engine.model import Engine
from zeta_router.sim.engine.spec import EngineSpec
from zeta_router.sim.kernel import Kernel

Lane = Sequence[Heard]
"""What one worker heard; it sent each request when the one before was answered."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to be played: when (None: when the one before it in its lane is answered)."""

    prompt_tokens: int
    output_tokens: int
    at_s: float | None = None


@dataclass(slots=True)
class Answered:
    """What the simulated client saw, in seconds of virtual time."""

    sent_at_s: float = 0.0
    first_at_s: float = 0.0
    last_at_s: float = 0.0
    output_tokens: int = 1

    @property
    def ttft_s(self) -> float:
        """Seconds to the first token."""
        return self.first_at_s - self.sent_at_s

    @property
    def e2e_s(self) -> float:
        """Seconds to the last token."""
        return self.last_at_s - self.sent_at_s

    @property
    def tpot_s(self) -> float | None:
        """Seconds per token after the first; None below two tokens."""
        steps = self.output_tokens - 1
        return (self.last_at_s - self.first_at_s) / steps if steps else None


def play(
    lanes: Sequence[Sequence[Asked]], spec: EngineSpec, overhead_s: float = 0.0
) -> list[list[Answered]]:
    """Play lanes of requests on one simulated engine.

    Args:
        lanes: Each a worker's requests, in order.
        spec: The engine.
        overhead_s: Way there and back; half of it before the engine sees a request.
    """
    return _Playing(lanes, spec, overhead_s).run()


def errors(run: Sequence[Lane], spec: EngineSpec, overhead_s: float) -> tuple[list[float], ...]:
    """Relative errors of simulated TTFT and TPOT, request by request, over a run."""
    begin_s = min(lane[0].sent_at_s for lane in run)
    asked = [
        [
            Asked(h.prompt_tokens, len(h.token_at_s), None if n else h.sent_at_s - begin_s)
            for n, h in enumerate(lane)
        ]
        for lane in run
    ]
    ttft, tpot = [], []
    for lane, answers in zip(run, play(asked, spec, overhead_s), strict=True):
        for heard, answer in zip(lane, answers, strict=True):
            ttft.append(abs(answer.ttft_s - heard.ttft_s) / max(heard.ttft_s, 1e-9))
            if heard.tpot_s and answer.tpot_s is not None:
                tpot.append(abs(answer.tpot_s - heard.tpot_s) / heard.tpot_s)
    return ttft, tpot


class _Sent(Job):
    __slots__ = ("answer", "lane")

    def __init__(self, name: str, asked: Asked, answer: Answered, lane: int) -> None:
        super().__init__(name, asked.prompt_tokens, asked.output_tokens)
        self.answer = answer
        self.lane = lane


class _Playing:
    """The workers and the engine between them."""

    def __init__(
        self, lanes: Sequence[Sequence[Asked]], spec: EngineSpec, overhead_s: float
    ) -> None:
        self._kernel = Kernel()
        self._engine = Engine(self._kernel, spec, self)
        self._half_s = overhead_s / 2
        self._todo = [list(reversed(lane)) for lane in lanes]
        self._answers: list[list[Answered]] = [[] for _ in lanes]

    def run(self) -> list[list[Answered]]:
        """Play everything to its end."""
        for lane in range(len(self._todo)):
            self._next(lane)
        self._kernel.run()
        return self._answers

    def _next(self, lane: int) -> None:
        if not self._todo[lane]:
            return
        asked = self._todo[lane].pop()
        now_s = self._kernel.now_s
        at_s = now_s if asked.at_s is None else max(now_s, asked.at_s)
        answer = Answered(at_s, output_tokens=asked.output_tokens)
        self._answers[lane].append(answer)
        job = _Sent(f"{lane}/{len(self._answers[lane])}", asked, answer, lane)
        self._kernel.at(at_s + self._half_s, self._engine.submit, job)

    def first_token(self, job: Job) -> None:
        """See `Listener`."""
        if isinstance(job, _Sent):
            job.answer.first_at_s = self._kernel.now_s + self._half_s

    def finished(self, job: Job) -> None:
        """See `Listener`."""
        if isinstance(job, _Sent):
            job.answer.last_at_s = self._kernel.now_s + self._half_s
            self._kernel.at(job.answer.last_at_s, self._next, job.lane)

    def failed(self, job: Job) -> None:
        """See `Listener`."""
        self.finished(job)
