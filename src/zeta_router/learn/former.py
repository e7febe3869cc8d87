"""Which models left the configuration, so that what is known of them does not pile up.

A model that comes back should find what was learned of it; where every reload brings new names,
most never come back. So of those that left, the latest are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable

MOST_FORMER = 64
"""Models out of the configuration that are remembered."""


class FormerModels:
    """Models that are no longer in the configuration, the latest to leave last.

    Args:
        models: The configuration's, at the start.
    """

    __slots__ = ("_left", "_present")

    def __init__(self, models: Iterable[str] = ()) -> None:
        self._present = tuple(models)
        self._left: list[str] = []

    def outlived(self, models: Iterable[str], known: Iterable[str]) -> frozenset[str]:
        """Take over the models of a new configuration; which of the others to forget.

        Args:
            models: The new configuration's.
            known: All that something was learned of. Those that no configuration had, as after a
                restore, count as the first to have left.
        """
        present = tuple(models)
        met = {*present, *self._present, *self._left}
        strange = [name for name in known if name not in met]
        left = dict.fromkeys((*strange, *self._left, *self._present))
        in_order = [name for name in left if name not in present]
        self._present, self._left = present, in_order[-MOST_FORMER:]
        return frozenset(in_order[:-MOST_FORMER])
