"""Whether a flaw in answers is a model's fault, or comes with what is asked for.

An answer that repeats itself, or that ends at a limit, is a sign against the model that gave it,
but not where those of all models do: somebody asks for lists of the same line, an engine is started
with a short limit, or the engines are stand-ins that say one word. Believed there, the sign would
lead every model to a quality of nothing, and then nobody's answer would be worth its price. So such
a flaw counts once other models were seen not to have it. Of a model that is the only one asked
nothing is believed here; that it fails is found by what is usual for itself (`learn.condition`).
"""

from __future__ import annotations

LEAST_SEEN = 5
"""Answers of other models before anything counts."""

TOO_COMMON = 0.7
"""Share of other models' answers with the flaw from which on it is nobody's fault."""

_STEP = 0.05


class Flaw:
    """How often the answers of each model have one flaw, of late."""

    __slots__ = ("_models",)

    def __init__(self) -> None:
        self._models: dict[str, tuple[float, int]] = {}

    def add(self, model: str, *, there: bool) -> None:
        """An answer was looked at, and the flaw was there or not."""
        share, seen = self._models.get(model, (0.0, 0))
        seen += 1
        share += max(_STEP, 1.0 / seen) * (float(there) - share)
        self._models[model] = share, seen

    def is_fault_of(self, model: str) -> bool:
        """Whether other models were seen, and have it less."""
        others = [known for name, known in self._models.items() if name != model]
        seen = sum(count for _, count in others)
        if seen < LEAST_SEEN:
            return False
        return sum(share * count for share, count in others) < TOO_COMMON * seen
