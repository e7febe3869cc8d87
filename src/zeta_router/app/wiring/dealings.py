"""How each engine is dealt with, as far as the router need not know it."""

from __future__ import annotations

from zeta_router.app.config import LoadedConfig, Resources


class Dealings:
    """How each engine is dealt with, by the configuration in force.

    Attributes:
        config: The configuration in force.
    """

    def __init__(self, config: LoadedConfig) -> None:
        self.config = config

    def key_of(self, endpoint_id: str) -> str | None:
        """The bearer token for an endpoint; None when it wants none."""
        settings = self.config.endpoints.get(endpoint_id)
        secret = settings.api_key if settings is not None else None
        return secret.reveal() if secret is not None else None

    def resources_of(self, endpoint_id: str) -> Resources | None:
        """Where an endpoint's CPU, memory and GPU are measured."""
        settings = self.config.endpoints.get(endpoint_id)
        return settings.resources if settings is not None else None

    def stall_s(self) -> float:
        """Longest silence of an engine within a stream."""
        return self.config.stall_s
