"""The text format, read back with prometheus_client's own parser."""

from __future__ import annotations

import math

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from zeta_router.telemetry.metrics.exposition import family_text


@pytest.mark.parametrize("value", [0, 1, -2.5, 1e-9, 1e300, math.inf, -math.inf])
@pytest.mark.parametrize("label", ["plain", 'quo"te', "back\\slash", "new\nline", "ünï", ""])
def test_values_and_labels_come_back(value: float, label: str) -> None:
    family = GaugeMetricFamily("zeta_x", "What\nit \\ is.", labels=("name",))
    family.add_metric((label,), value)
    (read,) = text_string_to_metric_families(family_text(family))
    (sample,) = read.samples
    assert (sample.labels, sample.value) == ({"name": label}, value)
    assert (read.type, read.documentation) == ("gauge", "What\nit \\ is.")


def test_what_is_no_number_stays_none() -> None:
    (read,) = text_string_to_metric_families(
        family_text(GaugeMetricFamily("zeta_x", "X.", math.nan))
    )
    assert math.isnan(read.samples[0].value)


def test_a_counter_has_its_suffix() -> None:
    text = family_text(CounterMetricFamily("zeta_x", "X.", 3))
    assert text == "# HELP zeta_x_total X.\n# TYPE zeta_x_total counter\nzeta_x_total 3\n"
