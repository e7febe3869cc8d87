"""Writes the reference page: ``python -m zeta_router.gateway.described docs/reference``."""

from __future__ import annotations

import sys
from pathlib import Path

from zeta_router.gateway.described.document import page

if __name__ == "__main__":
    (Path(sys.argv[1]) / "http.md").write_text(page(), encoding="utf-8")
