"""What a setting may be: texts with a pattern, numbers with a range; and what it says of itself."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from zeta_router.app.config import texts

Url = Annotated[
    str, Meta(pattern=texts.URL_PATTERN, extra={"check": texts.check_url, "words": "a URL"})
]
EngineUrl = Annotated[
    str, Meta(pattern=texts.URL_PATTERN, extra={"check": texts.check_engine_url, "words": "a URL"})
]
ModelName = Annotated[
    str,
    Meta(pattern=texts.NAME_PATTERN, extra={"check": texts.check_name, "words": "a model's name"}),
]
EndpointId = Annotated[
    str, Meta(pattern=texts.ID_PATTERN, extra={"check": texts.check_id, "words": "an id"})
]
Address = Annotated[
    str,
    Meta(pattern=texts.LISTEN_PATTERN, extra={"check": texts.check_listen, "words": "HOST:PORT"}),
]
Text = Annotated[str, Meta(min_length=1, pattern=r"\S", extra={"check": texts.check_text})]
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=1)]


def says(description: str, **extra: Any) -> Meta:
    """A setting's meaning; `extra` as `config.spec` lists it."""
    return Meta(description=description, extra=extra)
