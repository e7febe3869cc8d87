"""One llama.cpp server in this process, from the `xllamacpp` package."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from pathlib import Path

from xllamacpp import CommonParams, Server

from zeta_router.app.embedded.ports import LOOPBACK

_WARNINGS = 2
"""llama.cpp's log level that shows warnings and errors only."""


@dataclass(frozen=True, slots=True)
class LlamaSettings:
    """What differs between the fleet's llama.cpp servers."""

    name: str
    model: Path
    port: int
    slots: int
    slot_context_tokens: int


def serve_until_stopped(settings: LlamaSettings) -> None:
    """Load the model, serve it, and wait for a signal that ends the process."""
    server = Server(_parameters(settings))
    while server is not None:  # holds the reference: dropping it stops the server
        signal.pause()


def _parameters(settings: LlamaSettings) -> CommonParams:
    parameters = CommonParams()
    parameters.model.path = str(settings.model)
    parameters.model_alias = {settings.name}
    parameters.hostnames = [LOOPBACK]
    parameters.port = settings.port
    parameters.n_parallel = settings.slots
    parameters.n_ctx = settings.slots * settings.slot_context_tokens
    parameters.endpoint_metrics = parameters.endpoint_slots = True
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 2
    parameters.cpuparams.poll = parameters.cpuparams_batch.poll = 0
    parameters.cache_ram_mib = 0
    parameters.ui = False
    parameters.verbosity = _WARNINGS
    return parameters
