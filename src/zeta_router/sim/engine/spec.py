"""What a simulated engine is made of: speeds and sizes that do not change during a run."""

from __future__ import annotations

from dataclasses import dataclass, replace

from zeta_router.core.errors import ConfigError
from zeta_router.core.fleet import SimulatedSpeed


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine's constants.

    One iteration with `b` sequences, `kv` tokens in the cache and `u` prompt tokens to compute
    takes ``step_s + step_per_seq_s * b + step_per_kv_token_s * kv + u / prefill_tokens_per_s``;
    the first three terms fall away when no sequence gets a token.

    Attributes:
        slots: Sequences it works on at once.
        kv_tokens: Tokens that its KV cache holds; None means that it never fills.
        prefill_chunk_tokens: Prompt tokens computed in one iteration at most, beside the running
            sequences' tokens (vLLM's and SGLang's chunked prefill; vLLM's default is 2048). None
            computes every admitted prompt whole while the running sequences stand still.
        prefix_blocks: Blocks that the prefix cache keeps, least recently used first out; 0 turns
            it off.
        block_tokens: Prompt tokens that one prefix hash stands for (Mooncake's traces: 512).
        load_s: Time to bring the model into memory.
        keep_alive_s: Idle time after which the model is unloaded; None keeps it.
        resident: Whether the model is in memory at the start.
    """

    prefill_tokens_per_s: float
    step_s: float
    step_per_seq_s: float
    slots: int
    step_per_kv_token_s: float = 0.0
    kv_tokens: int | None = None
    prefill_chunk_tokens: int | None = 2048
    prefix_blocks: int = 0
    block_tokens: int = 512
    load_s: float = 0.0
    keep_alive_s: float | None = None
    resident: bool = True

    def __post_init__(self) -> None:
        positive = {
            "prefill_tokens_per_s": self.prefill_tokens_per_s,
            "slots": self.slots,
            "kv_tokens": 1 if self.kv_tokens is None else self.kv_tokens,
            "prefill_chunk_tokens": self.prefill_chunk_tokens or 1,
            "block_tokens": self.block_tokens,
            "step_s + step_per_seq_s": self.step_s + self.step_per_seq_s,
        }
        for name, value in positive.items():
            if not value > 0:
                raise ConfigError(f"simulate.{name}", f"{value} is not greater than 0")
        for name in ("step_s", "step_per_seq_s", "step_per_kv_token_s", "prefix_blocks", "load_s"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"simulate.{name}", f"{getattr(self, name)} is negative")

    def step_time_s(self, sequences: int, kv_tokens: float = 0.0) -> float:
        """Time of one iteration that gives a token to each of `sequences` >= 1 sequences."""
        return self.step_s + self.step_per_seq_s * sequences + self.step_per_kv_token_s * kv_tokens


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What a fleet file does not say about its simulated engines; the same for all of them."""

    kv_tokens: int | None = None
    step_per_kv_token_s: float = 0.0
    prefill_chunk_tokens: int | None = 2048
    prefix_blocks: int = 500
    block_tokens: int = 512

    def spec(self, speed: SimulatedSpeed) -> EngineSpec:
        """The engine of an endpoint with this speed."""
        return replace(
            EngineSpec(speed.prefill_tokens_per_s, speed.step_s, speed.step_per_seq_s, speed.slots),
            kv_tokens=self.kv_tokens,
            step_per_kv_token_s=self.step_per_kv_token_s,
            prefill_chunk_tokens=self.prefill_chunk_tokens,
            prefix_blocks=self.prefix_blocks,
            block_tokens=self.block_tokens,
        )
