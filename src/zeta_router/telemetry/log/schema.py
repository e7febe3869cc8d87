"""What the decision log's tables look like, column by column.

One description for four readers: the statements that make the tables, the code that writes rows,
the code that reads them, and the reference page.
"""

from __future__ import annotations

from zeta_router.telemetry.log.table import Column, Table

APPLICATION_ID = 0x5A657461
"""``Zeta`` in ASCII; SQLite keeps it in the file's header, so that no other file is mistaken."""

ROW_VERSION = 1
"""Meaning of the columns of one row. Rises when a column changes its meaning or its JSON layout."""

_STAMP = (
    Column("v", "INTEGER NOT NULL", "Row version: what the columns of this row mean."),
    Column("run", "INTEGER NOT NULL", "Which opening of the file wrote it; see `runs`."),
    Column("wall_s", "REAL NOT NULL", "When, in seconds since 1970 (UTC)."),
    Column("at_s", "REAL NOT NULL", "When, on the router's own clock, which never steps."),
)

DECISIONS = Table(
    "decisions",
    "One row per decision. A query that waits or is retried has several, told apart by `number`.",
    (
        *_STAMP,
        Column("query_id", "TEXT NOT NULL", "The query; also the decision id that clients see."),
        Column("number", "INTEGER NOT NULL", "Rises with every decision of the query."),
        Column("verdict", "TEXT NOT NULL", "`dispatch`, `wait` or `reject`."),
        Column("reason", "TEXT NOT NULL", "Why; see [reasons](reasons.md)."),
        Column("policy", "TEXT NOT NULL", "The policy that chose."),
        Column("task", "TEXT NOT NULL", "The task type acted on."),
        Column("topics", "TEXT NOT NULL", "Posterior: JSON `[{topic, task, probability}, …]`."),
        Column("endpoint_id", "TEXT", "The endpoint chosen; empty unless dispatched."),
        Column("model", "TEXT", "The model of that endpoint."),
        Column("propensity", "REAL NOT NULL", "Probability of this choice under the policy."),
        Column("retry_after_s", "REAL", "For a rejection: when it is worth asking again."),
        Column("snapshot_version", "INTEGER NOT NULL", "Version of the fleet's state it saw."),
        Column("candidates", "TEXT NOT NULL", "What was compared: JSON, one array each (below)."),
        Column("dropped", "TEXT NOT NULL", "What was not: JSON `[[endpoint_id, reason], …]`."),
        Column("arrived_at_s", "REAL NOT NULL", "When the query came, on the router's clock."),
        Column("operation", "TEXT NOT NULL", "`chat`, `completion`, `response`, `embedding` …"),
        Column("model_requested", "TEXT NOT NULL", "`auto`, or the model that the client named."),
        Column("task_hint", "TEXT", "The task as told from outside: JSON `{task, topics}`."),
        Column("prompt_tokens", "INTEGER NOT NULL", "Estimated input length."),
        Column("max_output_tokens", "INTEGER", "The client's limit on the answer."),
        Column("needs", "TEXT NOT NULL", "Capabilities needed: JSON array of names."),
        Column(
            "slo_ttft_s", "REAL", "Objective: time to first token; the client's, else the fleet's."
        ),
        Column(
            "slo_tpot_s",
            "REAL",
            "Objective: time per output token; the client's, else the fleet's.",
        ),
        Column(
            "slo_e2e_s",
            "REAL",
            "Objective: time to the last token; the client's, else the fleet's.",
        ),
        Column("lane", "TEXT NOT NULL", "Priority lane."),
        Column("tenant", "TEXT NOT NULL", "Who asked; empty when unknown."),
        Column("session_id", "TEXT NOT NULL", "The conversation; empty when unknown."),
        Column("stream", "INTEGER NOT NULL", "1 when the answer is streamed."),
        Column("max_wait_s", "REAL", "Longest time it may be held, when the client set one."),
        Column("weight", "REAL NOT NULL", "What a good answer is worth, relative to 1."),
        Column("features", "TEXT NOT NULL", "What the text was reduced to: JSON numbers."),
        Column("prefix_hashes", "TEXT NOT NULL", "Hashes of the prompt's blocks: JSON integers."),
        Column(
            "standing",
            "TEXT",
            "Place in the waiting line: JSON `{lane, density, ageing, tenant_work_s, ahead, "
            "waiting}`; empty for a query that was not held.",
            since=2,
        ),
        Column(
            "slo_scale",
            "REAL NOT NULL DEFAULT 1",
            "What the objectives were multiplied by, because no endpoint could meet them idle.",
            since=2,
        ),
        Column(
            "asker",
            "TEXT NOT NULL DEFAULT ''",
            "Whose judgement of the answer it would be: tenant, or hash of key or address.",
            since=3,
        ),
        Column(
            "fingerprint",
            "TEXT",
            "To notice that it is asked again: JSON `{whole, before, words}`, hashes only.",
            since=3,
        ),
    ),
    (("query_id",), ("wall_s",)),
)

OUTCOMES = Table(
    "outcomes",
    "One row per attempt that ended, and per query whose client left while it was held (`attempt` "
    "0). A refused query ends with a decision, and has rows here only for what was tried before.",
    (
        *_STAMP,
        Column("query_id", "TEXT NOT NULL", "The query."),
        Column("attempt", "INTEGER NOT NULL", "Which attempt, 1, 2, …; 0 for none."),
        Column("endpoint_id", "TEXT", "Where it ran; empty for none."),
        Column("status", "TEXT NOT NULL", "How it ended, e.g. `ok`, `upstream_error`."),
        Column("started", "INTEGER NOT NULL", "1 when the client had received a byte."),
        Column("ttft_s", "REAL", "Dispatch to first token, at the endpoint."),
        Column("tpot_s", "REAL", "Seconds per output token after the first; empty below two."),
        Column("e2e_s", "REAL", "Dispatch to the end."),
        Column("queue_wait_s", "REAL NOT NULL", "How long the router had held the query."),
        Column("prompt_tokens", "INTEGER", "Input length as the engine counted it."),
        Column("output_tokens", "INTEGER", "Answer length, reasoning included."),
        Column("cached_tokens", "INTEGER", "Input tokens that the engine had in its cache."),
        Column("http_status", "INTEGER", "What the engine answered."),
        Column("finish_reason", "TEXT", "`stop`, `length` …"),
        Column("retry_after_s", "REAL", "The engine's own word on when to come back."),
    ),
    (("query_id",), ("wall_s",)),
)

SAMPLES = Table(
    "samples",
    "One row per poll of an engine that some decision saw. Candidates refer to it by `number`.",
    (
        Column("run", "INTEGER NOT NULL", "Which opening of the file wrote it."),
        Column("number", "INTEGER NOT NULL", "1, 2, … within the run."),
        Column("wall_s", "REAL NOT NULL", "When a decision first saw it, seconds since 1970."),
        Column("endpoint_id", "TEXT NOT NULL", "The endpoint that was polled."),
        Column(
            "sample",
            "TEXT NOT NULL",
            "JSON object: signal to `{value, observed_at_s, source}`, or null for one that the "
            "engine does not give; and the models it has and holds in memory.",
        ),
    ),
    (("run", "number"), ("wall_s",)),
)

FEEDBACK = Table(
    "feedback",
    "One row per query that somebody judged; the first judgement counts.",
    (
        *_STAMP,
        Column("query_id", "TEXT NOT NULL UNIQUE", "The query."),
        Column("score", "REAL NOT NULL", "How good the answer was, 0 to 1."),
        Column(
            "voter",
            "TEXT NOT NULL DEFAULT ''",
            "Who judged it, named as `asker` is; empty for whoever had asked.",
            since=3,
        ),
    ),
    (("wall_s",),),
)

CHECKS = Table(
    "checks",
    "One row per answer whose text the gateway looked at after its last byte.",
    (
        *_STAMP,
        Column("query_id", "TEXT NOT NULL UNIQUE", "The query."),
        Column("model", "TEXT NOT NULL", "The model that answered."),
        Column(
            "checks",
            "TEXT NOT NULL",
            "JSON object: `empty`, `refusal`, `cut`, `json_valid`, `schema_valid`, `code_parses`, "
            "`compression_ratio`, `distinct_trigrams_ratio`, `repeated_lines_ratio`, "
            "`degeneration`, `other_script`, `text_bytes`; null where nothing can be told.",
        ),
    ),
    (("wall_s",),),
    since=3,
)

PROMPTS = Table(
    "prompts",
    "The text of queries. Empty unless `log.prompts` is switched on.",
    (
        Column("run", "INTEGER NOT NULL", "Which opening of the file wrote it."),
        Column("wall_s", "REAL NOT NULL", "When it was written, in seconds since 1970 (UTC)."),
        Column("query_id", "TEXT NOT NULL UNIQUE", "The query."),
        Column("text", "TEXT NOT NULL", "What was asked, cut at 100,000 characters."),
    ),
    (("wall_s",),),
)

RUNS = Table(
    "runs",
    "One row each time a router opened the file for writing; `run` elsewhere is its `seq`.",
    (
        Column("opened_wall_s", "REAL NOT NULL", "When, in seconds since 1970 (UTC)."),
        Column("wall_offset_s", "REAL NOT NULL", "`wall_s` minus `at_s` when the run began."),
        Column("software", "TEXT NOT NULL", "Name and version of the writer."),
        Column("facts", "TEXT NOT NULL", "JSON object: config hash, seed and the like."),
    ),
)

STATE = Table(
    "state",
    "Learned state, latest version of each.",
    (
        Column("name", "TEXT NOT NULL UNIQUE", "Which state."),
        Column("version", "INTEGER NOT NULL", "Layout of `blob`, as its owner counts it."),
        Column("saved_at_s", "REAL NOT NULL", "When, on the clock of the router that saved it."),
        Column("blob", "BLOB NOT NULL", "The state."),
    ),
)

PROMOTIONS = Table(
    "promotions",
    "One row per head and period of retraining: promoted, refused or rolled back, and why.",
    (
        Column("wall_s", "REAL NOT NULL", "When, in seconds since 1970 (UTC)."),
        Column("head", "TEXT NOT NULL", "What was trained: `residual`, `quality`, `length`."),
        Column("verdict", "TEXT NOT NULL", "`promoted`, `refused` or `rolled_back`."),
        Column("reason", "TEXT NOT NULL", "Why, in a sentence."),
        Column("from_wall_s", "REAL NOT NULL", "Begin of the part of the log that was looked at."),
        Column("until_wall_s", "REAL NOT NULL", "Its end."),
        Column("evidence", "TEXT NOT NULL", "JSON object: the figures that the verdict rests on."),
        Column("state", "BLOB", "The head to go on with; empty when refused."),
        Column("before", "BLOB", "The head that it replaces; empty when refused."),
    ),
    since=4,
)

TABLES = (DECISIONS, OUTCOMES, SAMPLES, FEEDBACK, CHECKS, PROMPTS, RUNS, STATE, PROMOTIONS)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    tuple(statement for table in TABLES if table.since == 1 for statement in table.create),
    tuple(statement for table in TABLES for statement in table.added(2)),
    tuple(statement for table in TABLES for statement in table.added(3)),
    tuple(statement for table in TABLES for statement in table.added(4)),
)
"""Statements that lead from schema n to n + 1; the file's schema is how many it has had."""
