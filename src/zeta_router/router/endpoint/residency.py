"""Whether an endpoint's model is in memory, and how long it takes to get it there.

Ollama and its like load models on demand and drop them when they have been idle for minutes. The
first query after that waits for the weights, for seconds or tens of seconds. Unless a poll says
that the model is not in memory, it is taken for resident.

The time to load is learned from first tokens that waited for it; before that it is what reading
the weights from a disk takes. A load that nobody waits for any longer is over: the engine may have
failed it, or stopped when the client left, and the next one begins anew. It is part of the
predicted TTFT, so a query waits for a warm model, or loads a cold one, by what that is worth. It is
kept out of the latency estimate: a cold start is not a slow engine.
"""

from __future__ import annotations

from math import isfinite

BYTES_PER_PARAMETER = 0.6
"""Weights quantised to 4 bits, as models on one's own machine mostly are."""

DISK_BYTES_PER_S = 1.5e9
LEAST_S = 0.5
LONGEST_S = 300.0
"""How long a load is believed to go on that we asked for ourselves."""

_UNKNOWN_PARAMS_B = 8.0
_STEP = 0.3


class Residency:
    """One endpoint's model.

    Attributes:
        load_s: Seconds that loading takes.
        loads: Loads that were seen.
    """

    __slots__ = ("_cold", "_since_s", "load_s", "loads")

    def __init__(self, params_b: float | None) -> None:
        size_bytes = (params_b or _UNKNOWN_PARAMS_B) * 1e9 * BYTES_PER_PARAMETER
        self.load_s = max(LEAST_S, size_bytes / DISK_BYTES_PER_S)
        self.loads = 0
        self._cold = False
        self._since_s: float | None = None

    @property
    def cold(self) -> bool:
        """Whether a query would have to wait for the model to be loaded."""
        return self._cold

    @property
    def loading(self) -> bool:
        """Whether somebody has already asked for it."""
        return self._cold and self._since_s is not None

    def told(self, resident: tuple[str, ...] | None, model: str) -> None:
        """A poll named the models in memory, or (None) does not say.

        Ollama adds ``:latest`` to names without a tag. It names a model from the moment that it
        begins to load, so being named does not end a load: the first token does, or that it is gone
        again.
        """
        cold = resident is not None and not {model, f"{model}:latest"} & set(resident)
        if cold and not self._cold:
            self._since_s = None
        self._cold = cold

    def begin(self, now_s: float) -> None:
        """Something was sent there: where the model is cold, it is being loaded from here on."""
        if self._cold and self._since_s is None:
            self._since_s = now_s

    def given_up(self) -> None:
        """Nothing waits there any longer, and nobody got a first token."""
        self._since_s = None

    def nobody_waits(self, now_s: float) -> None:
        """No query is there: a load goes on for as long as we would wait for it ourselves."""
        if self._since_s is not None and now_s - self._since_s > LONGEST_S:
            self._since_s = None

    def wait_s(self, now_s: float) -> float:
        """Seconds until the model is in memory; a tenth of a load when that is overdue."""
        if not self._cold:
            return 0.0
        if self._since_s is None:
            return self.load_s
        return max(self.load_s - (now_s - self._since_s), 0.1 * self.load_s)

    def first_token(self, now_s: float, warm_s: float) -> None:
        """A query that met a cold model has its first token.

        Args:
            now_s: The time.
            warm_s: What its first token would have taken with the model in memory.
        """
        since_s, self._since_s, self._cold = self._since_s, None, False
        if since_s is None:
            return
        took_s = max(0.0, now_s - since_s - warm_s)
        if not isfinite(took_s):
            return
        self.loads += 1
        self.load_s += max(_STEP, 1.0 / self.loads) * (took_s - self.load_s)

    def state(self) -> dict[str, float]:
        """What was learned, as plain values."""
        return {"load_s": self.load_s, "loads": self.loads}

    def restore(self, state: dict[str, float]) -> None:
        """Replace what was learned by an earlier `state()`."""
        self.load_s, self.loads = max(0.0, float(state["load_s"])), int(state["loads"])
