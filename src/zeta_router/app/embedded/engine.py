"""Run one engine in this process: `python -m zeta_router.app.embedded.engine llama|embedder …`.

The supervisor starts this module as a child. It ties itself to its supervisor before it loads
anything, and lives until it is told to stop. llama.cpp serves from native threads, so the main
thread has nothing to do but wait; SIGTERM keeps its default action, which ends the process at once
in the midst of native code too (a Python handler would wait for the native call to return).
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from zeta_router.app.lifeline import tie_to_supervisor


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until stopped; returns the exit status."""
    tie_to_supervisor()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the supervisor's to answer
    arguments = _arguments(argv)
    if arguments.kind == "embedder":
        from zeta_router.app.embedded.embedder import serve

        serve(arguments.name, arguments.port)
    else:
        from zeta_router.app.embedded.llama import LlamaSettings, serve_until_stopped

        serve_until_stopped(
            LlamaSettings(
                arguments.name,
                arguments.model,
                arguments.port,
                arguments.slots,
                arguments.slot_context_tokens,
            )
        )
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="engine", description="one engine of the embedded fleet")
    kinds = parser.add_subparsers(dest="kind", required=True)
    embedder = kinds.add_parser("embedder", help="multilingual-e5-small")
    llama = kinds.add_parser("llama", help="a GGUF model on llama.cpp")
    for kind in (embedder, llama):
        kind.add_argument("--name", required=True, help="the model's name in the fleet")
        kind.add_argument("--port", required=True, type=int)
    llama.add_argument("--model", required=True, type=Path)
    llama.add_argument("--slots", required=True, type=int)
    llama.add_argument("--slot-context-tokens", required=True, type=int)
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
