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
    _share_two_cores(parameters)
    parameters.cache_ram_mib = 0  # default 8 GB, filled as conversations leave their slots
    parameters.cache_idle_slots = False
    parameters.fit_params = False  # sizes for a GPU; costs 0.3 s of every start
    parameters.cors_origins = ""  # default lets any web page in the user's browser read answers
    parameters.ui = False
    parameters.verbosity = _WARNINGS
    return parameters


def _share_two_cores(parameters: CommonParams) -> None:
    """One computing thread per engine, which never spins.

    With two, threads wait for each other at every layer; as soon as three engines share two cores
    most of the time goes into waiting (measured: 186 s against 16 s for six answers at once).
    """
    for threads in (parameters.cpuparams, parameters.cpuparams_batch):
        threads.n_threads = 1
        threads.poll = 0
