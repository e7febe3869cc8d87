"""Tables on stderr: what stands in them is shown as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from support.fleets import endpoint, fleet
from zeta_router.app.cli.tables import fleet_table


@pytest.mark.parametrize("name", ["qwen[awq]", "q[/b]", "m:cat:7b"])
def test_a_name_is_shown_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    config = fleet(endpoint("a", "coder"))
    model = replace(config.models["coder"], name=name)
    served = replace(config.endpoints[0], model=name, url="http://[fe80::1%25eth0]:80")
    fleet_table(replace(config, models={name: model}, endpoints=(served,)))
    shown = capsys.readouterr().err
    assert name in shown
    assert "http://[fe80::1%25eth0]:80" in shown
