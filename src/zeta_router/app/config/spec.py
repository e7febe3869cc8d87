"""`zeta.yaml` as types: the one place that says which settings exist.

The loader checks files against these classes, the JSON Schema and the reference page are generated
from them. So a setting is added here, with its meaning, unit, range and default, and nowhere else
except where it is used. Units are in the names; `extra` carries what types cannot say:

    check    a function of `texts` that finds what is wrong with a text
    words    what a text is, in words
    secret   the value never appears in a message
    least    how many keys a section must have, where none of them is required by itself
    also     names of the same setting in other routers, to recognise it in a wrong key
    default  what the default does, where the value alone does not tell
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from zeta_router.app.config import texts
from zeta_router.core.query import Capability, Task

EngineName = Literal[
    "auto", "vllm", "sglang", "llamacpp", "ollama", "lmstudio", "tgi", "tei", "openai"
]

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


def _says(description: str, **extra: Any) -> Meta:
    return Meta(description=description, extra=extra)


class ModelSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A model of the fleet."""

    tasks: Annotated[
        Annotated[dict[Task, Share | None], Meta(min_length=1)]
        | Annotated[list[Task], Meta(min_length=1)],
        _says(
            "What it can do. A mapping gives the prior quality of its answers, 0 to 1, per task "
            "(null: from the size table); a list takes all of them from the size table. Priors "
            "weigh as much as 20 observations and are overruled by what is observed."
        ),
    ]
    params_b: Annotated[
        Positive | None,
        _says(
            "Parameters in billions, for the size table and the first guess of its speed.",
            also=("size", "parameters"),
            default="unknown, taken as 7",
        ),
    ] = None
    context_tokens: Annotated[
        Count | None,
        _says(
            "Longest prompt and answer together. Longer requests go elsewhere.",
            also=("max_model_len", "context_length", "num_ctx", "n_ctx", "max_tokens"),
            default="unknown, nothing is filtered",
        ),
    ] = None
    embedding_space: Annotated[
        Text | None,
        _says(
            "Name of the vector space of its embeddings, your choice. Requests for embeddings "
            "overflow only between models that declare the same space.",
            default="a space of its own",
        ),
    ] = None
    lacks: Annotated[
        list[Capability],
        _says("What it is known not to support. Requests that need it go elsewhere."),
    ] = field(default_factory=list)


class SimulateSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Speed of an endpoint in the simulator: a step of a batch of B takes a + b·B seconds."""

    prefill_tokens_per_s: Annotated[Positive, _says("Prompt tokens read per second.")]
    step_s: Annotated[Positive, _says("The part of a decoding step that every batch pays.")]
    step_per_seq_s: Annotated[NotNegative, _says("What each sequence of the batch adds to it.")]
    slots: Annotated[Count, _says("Requests worked on at once.")]


class ResourcesSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Where CPU, memory and GPU of an engine's machine are measured; at least one of these."""

    node_exporter: Annotated[
        Url | None,
        _says("Prometheus node exporter of the machine, for CPU and memory.", default="not read"),
    ] = None
    dcgm: Annotated[
        Url | None, _says("NVIDIA DCGM exporter of the machine, for its GPUs.", default="not read")
    ] = None


class EndpointSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """An address that serves one model. Several endpoints of one model are its replicas."""

    id: Annotated[
        EndpointId,
        _says("Its name in logs, metrics and headers; unique.", also=("name", "endpoint")),
    ]
    url: Annotated[
        EngineUrl,
        _says(
            "Base URL of the engine, without /v1.",
            also=("base_url", "api_base", "address", "host", "uri", "endpoint_url"),
        ),
    ]
    model: Annotated[ModelName, _says("The model it serves, one of `models`.")]
    engine: Annotated[
        EngineName,
        _says(
            "What kind of server it is, which decides where its state is read.",
            also=("type", "provider", "backend"),
            default="finds out",
        ),
    ] = "auto"
    slots: Annotated[
        Literal["auto"] | Count,
        _says(
            "Requests it works on at once; no more are sent to it.",
            also=("max_in_flight", "max_concurrency", "parallel", "n_parallel", "max_num_seqs"),
            default="asks the engine, else 4",
        ),
    ] = "auto"
    resources: Annotated[
        Literal["auto", "none"] | Annotated[ResourcesSpec, Meta(extra={"least": 1})],
        _says(
            "Where its CPU, memory and GPU are measured. `none` measures nothing.",
            default="the local process behind the port",
        ),
    ] = "auto"
    upstream_model: Annotated[
        Text | None,
        _says(
            "The model's name as this engine knows it.",
            also=("model_name", "served_model_name", "alias"),
            default="the name in `models`",
        ),
    ] = None
    api_key: Annotated[
        Text | None,
        _says(
            "Key sent to this engine as a bearer token. Write ${NAME} and keep it in the "
            "environment; it is never printed.",
            secret=True,
            also=("apikey", "key", "token", "bearer"),
            default="none is sent",
        ),
    ] = None
    simulate: Annotated[
        SimulateSpec | None,
        _says("Its speed in `zeta simulate` and `zeta emulate`.", default="not simulated"),
    ] = None


class SloSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Latency objectives of a task; what is left out is not promised."""

    ttft_s: Annotated[
        Positive | None, _says("Arrival to first token.", also=("ttft",), default="not promised")
    ] = None
    tpot_s: Annotated[
        Positive | None,
        _says("Mean time per output token after the first.", default="not promised"),
    ] = None
    e2e_s: Annotated[
        Positive | None,
        _says("Arrival to last token.", also=("latency_s", "timeout_s"), default="not promised"),
    ] = None


class LimitsSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Bounds on what is held and accepted."""

    queue: Annotated[
        Annotated[int, Meta(ge=0)],
        _says("Queries that may wait for a slot; beyond that they are answered with 429."),
    ] = 1000
    max_wait_s: Annotated[
        NotNegative, _says("Longest time that a query is held.", also=("timeout_s",))
    ] = 30.0
    body_bytes: Annotated[
        Count, _says("Largest request body; larger ones are answered with 413.")
    ] = 32 << 20
    attempts: Annotated[
        Annotated[int, Meta(ge=1, le=10)],
        _says(
            "Engines tried for one query before it fails, the first included.", also=("retries",)
        ),
    ] = 2
    stall_s: Annotated[
        Positive,
        _says(
            "Longest silence of an engine within a stream, in seconds, then the stream ends with "
            "an error; never less than 20 times the usual gap between two of its tokens.",
            also=("stream_timeout", "idle_timeout_s", "read_timeout"),
        ),
    ] = 60.0
    canary_ratio: Annotated[
        Share,
        _says(
            "Most of an endpoint's time that golden prompts may take, asked while it is idle; 0 "
            "asks none."
        ),
    ] = 0.01
    prewarm: Annotated[
        bool,
        _says(
            "Load models that an engine has dropped before the queries come that are forecast. "
            "Loading one may push another out of memory."
        ),
    ] = False


class JointSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Dials of the `joint` policy."""

    eta: Annotated[
        NotNegative,
        _says("How fast prices follow load: quality that a query pays per batch of backlog."),
    ] = 0.2
    rho: Annotated[
        Annotated[float, Meta(gt=0, le=1)],
        _says("The share of an endpoint's capacity that prices aim at."),
    ] = 0.8
    floor: Annotated[
        Share,
        _says("Queries whose best score is below this are refused while nothing capable is idle."),
    ] = 0.02
    switch_cost: Annotated[
        Share,
        _says("Quality that it costs a conversation to move to another endpoint."),
    ] = 0.03
    forecast_floor: Annotated[
        Share,
        _says(
            "How much of the price that the forecast load would have is asked before it comes. A "
            "forecast steers queries and never refuses one; 0 waits for the load itself."
        ),
    ] = 0.0


class ClassifierSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """How tasks are told apart, where a request does not say its own."""

    weights: Annotated[
        Text | None,
        _says(
            "File that `zeta train classifier` wrote, relative to the working directory.",
            default="the weights that come with the package",
        ),
    ] = None
    hard_called_simple: Annotated[
        NotNegative,
        _says("What it costs to treat a code or reasoning query as simple, relative to the rest."),
    ] = 1.25
    simple_called_hard: Annotated[
        NotNegative, _says("What it costs to treat a simple query as code or reasoning.")
    ] = 1.0
    hard_swapped: Annotated[
        NotNegative, _says("What it costs to treat code as reasoning or the reverse.")
    ] = 1.0
    embedder_head: Annotated[
        Text | None,
        _says(
            "File that `zeta train classifier --embedder` wrote. Where the task is uncertain, the "
            "decision depends on it and an endpoint with that embedding model is idle, it is asked "
            "first.",
            default="no embedder is asked",
        ),
    ] = None
    embedder_below: Annotated[
        Share, _says("Probability of the likeliest task below which it counts as uncertain.")
    ] = 0.9
    embedder_wait_s: Annotated[
        Positive, _says("Longest time that a query waits for its embedding.")
    ] = 0.05


class LogSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The decision log."""

    path: Annotated[
        Text,
        _says("SQLite file, relative to the working directory.", also=("file", "database")),
    ] = "zeta.db"
    keep_days: Annotated[
        Positive, _says("Days after which records are deleted.", also=("retention_days", "days"))
    ] = 30.0
    prompts: Annotated[
        bool, _says("Whether prompt texts are stored too. Off, only numbers made from them are.")
    ] = False


class OtelSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """OpenTelemetry traces."""

    endpoint: Annotated[
        Url | None,
        _says(
            "OTLP/HTTP collector that traces are sent to, e.g. http://127.0.0.1:4318; `/v1/traces` "
            "is added where the URL has no path. Needs the `otel` extra.",
            default="what OTEL_EXPORTER_OTLP_ENDPOINT says, else no traces",
        ),
    ] = None


class LearningSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is learned beyond the single outcome."""

    retrain_every_h: Annotated[
        NotNegative,
        _says(
            "Hours between two retrainings from the decision log, in a process of its own; 0 for "
            "never. `zeta train --history` shows what was promoted, refused and rolled back."
        ),
    ] = 24.0


class FileSpec(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole of `zeta.yaml`."""

    listen: Annotated[
        Address,
        _says(
            "Address to listen on, HOST:PORT; port 0 takes a free one.", also=("bind", "address")
        ),
    ] = "127.0.0.1:8080"
    models: Annotated[
        dict[ModelName, ModelSpec],
        Meta(min_length=1),
        _says("The models of the fleet by name, which is also what clients write to pin one."),
    ]
    endpoints: Annotated[
        list[EndpointSpec],
        Meta(min_length=1),
        _says("The servers that answer.", also=("servers", "backends", "upstreams", "replicas")),
    ]
    routes: Annotated[
        dict[Task, ModelName],
        _says("The static rules: which model answers a task. Prior and fallback of every policy."),
    ] = field(default_factory=dict)
    slo: Annotated[
        dict[Task, SloSpec],
        _says("Latency objectives by task, for requests that bring none of their own."),
    ] = field(default_factory=dict)
    policy: Annotated[
        Text,
        _says(
            "How to choose among capable endpoints; `zeta check` lists the names.",
            also=("strategy",),
        ),
    ] = "static"
    limits: Annotated[LimitsSpec, _says("Bounds on what is held and accepted.")] = field(
        default_factory=LimitsSpec
    )
    joint: Annotated[JointSpec, _says("Dials of the `joint` policy.")] = field(
        default_factory=JointSpec
    )
    classifier: Annotated[
        ClassifierSpec, _says("How tasks are told apart, where a request does not say its own.")
    ] = field(default_factory=ClassifierSpec)
    log: Annotated[LogSpec, _says("The decision log.", also=("logging", "database"))] = field(
        default_factory=LogSpec
    )
    otel: Annotated[
        OtelSpec, _says("OpenTelemetry traces.", also=("tracing", "opentelemetry", "otlp"))
    ] = field(default_factory=OtelSpec)
    learning: Annotated[
        LearningSpec, _says("Retraining from the decision log.", also=("training", "retraining"))
    ] = field(default_factory=LearningSpec)
