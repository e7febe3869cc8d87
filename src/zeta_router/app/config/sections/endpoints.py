"""`endpoints`: where models are served, by what, and how fast."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from zeta_router.app.config.sections.values import (
    Count,
    EndpointId,
    EngineUrl,
    ModelName,
    NotNegative,
    Positive,
    Text,
    Url,
    says,
)

EngineName = Literal[
    "auto", "vllm", "sglang", "llamacpp", "ollama", "lmstudio", "tgi", "tei", "openai"
]


class SimulateSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Speed of an endpoint in the simulator: a step of a batch of B takes a + b·B seconds."""

    prefill_tokens_per_s: Annotated[Positive, says("Prompt tokens read per second.")]
    step_s: Annotated[Positive, says("The part of a decoding step that every batch pays.")]
    step_per_seq_s: Annotated[NotNegative, says("What each sequence of the batch adds to it.")]
    slots: Annotated[Count, says("Requests worked on at once.")]


class ResourcesSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where CPU, memory and GPU of an engine's machine are measured; at least one of these."""

    node_exporter: Annotated[
        Url | None,
        says("Prometheus node exporter of the machine, for CPU and memory.", default="not read"),
    ] = None
    dcgm: Annotated[
        Url | None, says("NVIDIA DCGM exporter of the machine, for its GPUs.", default="not read")
    ] = None


class EndpointSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An address that serves one model. Several endpoints of one model are its replicas."""

    id: Annotated[
        EndpointId,
        says("Its name in logs, metrics and headers; unique.", also=("name", "endpoint")),
    ]
    url: Annotated[
        EngineUrl,
        says(
            "Base URL of the engine, without /v1.",
            also=("base_url", "api_base", "address", "host", "uri", "endpoint_url"),
        ),
    ]
    model: Annotated[ModelName, says("The model it serves, one of `models`.")]
    engine: Annotated[
        EngineName,
        says(
            "What kind of server it is, which decides where its state is read.",
            also=("type", "provider", "backend"),
            default="finds out",
        ),
    ] = "auto"
    slots: Annotated[
        Literal["auto"] | Count,
        says(
            "Requests it works on at once; no more are sent to it. One that is added while "
            "serving, or comes back after failures, gets an eighth of them at first, and one "
            "more for each good answer.",
            also=("max_in_flight", "max_concurrency", "parallel", "n_parallel", "max_num_seqs"),
            default="asks the engine, else 4",
        ),
    ] = "auto"
    resources: Annotated[
        Literal["auto", "none"] | Annotated[ResourcesSpec, Meta(extra={"least": 1})],
        says(
            "Where its CPU, memory and GPU are measured. `none` measures nothing.",
            default="the local process behind the port",
        ),
    ] = "auto"
    upstream_model: Annotated[
        Text | None,
        says(
            "The model's name as this engine knows it.",
            also=("model_name", "served_model_name", "alias"),
            default="the name in `models`",
        ),
    ] = None
    api_key: Annotated[
        Text | None,
        says(
            "Key sent to this engine as a bearer token. Write ${NAME} and keep it in the "
            "environment; it is never printed.",
            secret=True,
            also=("apikey", "key", "token", "bearer"),
            default="none is sent",
        ),
    ] = None
    simulate: Annotated[
        SimulateSpec | None,
        says("Its speed in `zeta simulate` and `zeta emulate`.", default="not simulated"),
    ] = None
