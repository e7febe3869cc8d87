"""Numbers that options take: finite, and of a size that means something.

`click.FloatRange` takes nan, which is outside of no range, and infinity, with which work never
ends.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import click


class Number(click.FloatRange):
    """A finite number within a range."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number.

        Raises:
            click.BadParameter: It is not finite, or outside the range.
        """
        number: float = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number


POSITIVE = Number(min=0, min_open=True)
NOT_NEGATIVE = Number(min=0)
