"""Which readings an `EngineSample` has."""

from __future__ import annotations

from dataclasses import fields

from zeta_router.core.signal import EngineSample

SIGNALS = tuple(field.name for field in fields(EngineSample) if "Signal" in str(field.type))
"""Names of the fields that hold a `Signal`, in their order."""
