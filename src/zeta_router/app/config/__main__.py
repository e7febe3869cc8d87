r"""Writes what is generated from the specification: the schema (.json) and the reference (.md).

`python -m zeta_router.app.config src/zeta_router/app/config/zeta.schema.json \
docs/reference/configuration.md`
"""

import sys
from pathlib import Path

from zeta_router.app.config.reference import reference_markdown
from zeta_router.app.config.schema import schema_text

if __name__ == "__main__":
    for name in sys.argv[1:]:
        make = schema_text if name.endswith(".json") else reference_markdown
        Path(name).write_text(make(), encoding="utf-8")
