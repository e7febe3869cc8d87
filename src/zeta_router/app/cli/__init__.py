"""The `zeta` command: data on stdout, all else on stderr; exit 0, 1 (no) or 2 (bad input)."""

from zeta_router.app.cli.root import main

__all__ = ["main"]
