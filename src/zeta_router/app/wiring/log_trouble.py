"""What is wrong with the decision log, said once where the process' own words go.

`/health` and the metrics say so too, to whoever asks; an operator who asks nobody reads this.
"""

from __future__ import annotations

import logging

from zeta_router.telemetry.records import LogHealth

_LOG = logging.getLogger("zeta_router.log")


class LogTrouble:
    """Compares looks at the log's health, and tells what has changed."""

    def __init__(self) -> None:
        self._is_in_trouble = False
        self._refusal = ""

    def look(self, health: LogHealth) -> None:
        """Tell of a trouble that began or ended since the last look."""
        if health.trouble and not self._is_in_trouble:
            _LOG.error(
                "the decision log cannot be written: %s; routing goes on, rows are kept in memory "
                "and tried again",
                health.trouble,
            )
        elif self._is_in_trouble and not health.trouble:
            _LOG.warning("the decision log is written again; %d rows were lost", health.dropped)
        self._is_in_trouble = bool(health.trouble)
        if health.refusal and health.refusal != self._refusal:
            _LOG.error("the decision log gave up a row: %s", health.refusal)
        self._refusal = health.refusal

    def end(self, health: LogHealth) -> None:
        """Tell what the closed log lacks."""
        if health.dropped:
            why = health.trouble or health.refusal or "see above"
            _LOG.error("the decision log ends with %d rows lost: %s", health.dropped, why)
