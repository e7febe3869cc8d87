"""What a model's name tells: its size and what it was made for.

Names are all that many engines give. They follow habits, not rules, so every answer here is a
guess that the configuration can overrule.
"""

from __future__ import annotations

import re

from zeta_router.monitor.engines.protocol import ModelKind

_EXPERTS = re.compile(r"(?<![a-z0-9.])(\d+)x(\d+(?:\.\d+)?)b(?![a-z0-9])")
_BILLIONS = re.compile(r"(?<![a-z0-9.])e?(\d+(?:\.\d+)?)b(?![a-z0-9])")
_MILLIONS = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)m(?![a-z0-9])")

_EMBEDDING = re.compile(
    r"embed|(?<![a-z])(?:e5|bge|gte|minilm|mpnet|labse|jina-emb|splade|colbert)(?![a-z0-9])"
)
_RERANK = re.compile(r"re-?rank|cross-?encoder")
_CODER = re.compile(r"cod(?:er|e)(?![a-z])|codellama|codestral|devstral|starcoder|codegemma")
_REASONER = re.compile(
    r"reason|think|(?<![a-z0-9])(?:qwq|r1|o1)(?![a-z0-9])|magistral|math(?![a-z])"
)

EXPERTS_SHARE = 0.83
"""Parameters of an 8x7B mixture over 8 times 7: the attention layers are shared (46.7 of 56)."""


def params_b_in(text: str) -> float | None:
    """Parameters in billions as written in a name or a size label; None when none is written.

    ``qwen2.5-coder:7b`` 7, ``SmolLM2-135M`` 0.135, ``mixtral-8x7b`` 46.5, ``gemma-4-26b-a4b`` 26
    (the total, which sets memory and, roughly, quality), ``7.6B`` 7.6.
    """
    name = text.lower().replace("_", "-")
    if experts := _EXPERTS.search(name):
        return round(int(experts[1]) * float(experts[2]) * EXPERTS_SHARE, 1)
    if billions := _BILLIONS.search(name):
        return _positive(float(billions[1]))
    if millions := _MILLIONS.search(name):
        return _positive(float(millions[1]) / 1000.0)
    return None


def kind_in(name: str) -> ModelKind:
    """What the name says the model is for; CHAT when it says nothing, as most models are."""
    lower = name.lower()
    if _RERANK.search(lower):
        return ModelKind.RERANK
    if _EMBEDDING.search(lower):
        return ModelKind.EMBEDDING
    return ModelKind.CHAT


def is_coder(name: str) -> bool:
    """Whether the name says that the model was made for code."""
    return _CODER.search(name.lower()) is not None


def is_reasoner(name: str) -> bool:
    """Whether the name says that the model was made to reason at length."""
    return _REASONER.search(name.lower()) is not None


def short_name(name: str) -> str:
    """The name without folders and file endings: what a person would call it."""
    base = name.rstrip("/").replace("\\", "/")
    is_file = base.lower().endswith((".gguf", ".safetensors", ".bin"))
    if is_file or base.startswith("/"):
        base = base.rsplit("/", 1)[-1]
    return re.sub(r"\.(gguf|safetensors|bin)$", "", base, flags=re.IGNORECASE) or name


def _positive(value: float) -> float | None:
    return value if value > 0 else None
