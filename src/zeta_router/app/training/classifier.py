"""Train the task classifier and measure it: ``zeta train classifier --data DIR``.

The protocol keeps what is tuned apart from what is reported. Every choice (features, keywords,
templates, dials) was made on the training sources, each scored by a network that never saw it;
the temperature comes from those scores too. The shipped weights are trained on the training
sources and the templates; the two development sets are only scored.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zeta_router.app.training.augment import PERTURBATIONS
from zeta_router.app.training.cascade import Cascade, EmbedderOptions
from zeta_router.app.training.corpus import labelled, second_dev
from zeta_router.app.training.dataset import Examples, examples, training_examples, weights_of
from zeta_router.app.training.generate import Prompt, made_prompts
from zeta_router.app.training.network import Array, Dials, Network, fit, fit_temperature, softmax
from zeta_router.app.training.report import Report, Section, section
from zeta_router.app.training.score import decide, truth_of
from zeta_router.app.training.weights import write_weights
from zeta_router.learn.task.protocol import DEFAULT_COSTS
from zeta_router.learn.task.rules import rule_scores
from zeta_router.learn.task.trained import ClassifierWeights, features_digest

MADE_PER_TEMPLATE: Final = 4
SEED: Final = 1

Progress = Callable[[str], None]


def run(
    data: Path, out: Path, progress: Progress, embedder: EmbedderOptions | None = None
) -> Report:
    """Train on the labels in `data`, write the weights to `out`, and report.

    Takes about a minute on one core: one network for every source that is held out, and one on
    all of them.

    Args:
        data: Folder with ``labels/train.jsonl.gz`` (needed), ``labels/dev.jsonl.gz`` and
            ``quality/llmrouter.prompts.jsonl.gz`` (reported on when they are there).
        out: File for the weights; replaced whole.
        progress: Called with a line of text before every step.
        embedder: Train a head for this embedder too, and report on both together; takes as long
            as the embedder needs for some thousand texts.

    Raises:
        ConfigError: The labels are missing or malformed, or the embedder cannot be asked.
    """
    dials = Dials()
    folder = data / "labels" if (data / "labels").is_dir() else data
    progress("reading prompts")
    prompts = labelled(folder / "train.jsonl.gz", for_training=True)
    prompts += made_prompts(MADE_PER_TEMPLATE, SEED)
    rows = training_examples(prompts, SEED)
    scored = labelled(folder / "train.jsonl.gz")
    asked = [*scored, *prompts] if embedder is not None else scored
    logits = held_out_logits(rows, asked, dials, progress)
    temperature = fit_temperature(logits[: len(scored)], truth_of(scored))
    unseen = softmax(logits, temperature)
    progress("training on all sources")
    network = train(rows, dials, SEED)
    write_weights(folded(network, temperature), out)
    cascade = None
    if embedder is not None:
        cascade = Cascade(embedder, progress)
        cascade.train(prompts, unseen[len(scored) :], SEED)
    sections = [section("Held-out training sources", scored, unseen[: len(scored)])]
    for title, known in _development_sets(data, folder):
        progress(f"scoring: {title.lower()}")
        sections += _scored(title, known, network, temperature, cascade)
    return Report(tuple(sections), temperature, len(rows.tasks), out.stat().st_size)


def _development_sets(data: Path, folder: Path) -> Iterator[tuple[str, list[Prompt]]]:
    """Those that are there."""
    first, second = folder / "dev.jsonl.gz", data / "quality" / "llmrouter.prompts.jsonl.gz"
    if first.is_file():
        yield "Development set", labelled(first)
    if second.is_file():
        yield "Second development set", second_dev(second)


def train(rows: Examples, dials: Dials, seed: int) -> Network:
    """One network on all of `rows`."""
    return fit(rows.features, rows.tasks, weights_of(rows), dials, seed)


def held_out_logits(
    rows: Examples, scored: Sequence[Prompt], dials: Dials, progress: Progress
) -> Array:
    """Logits for `scored`, each row from a network that saw nothing of its source."""
    raw = examples(scored)
    logits = np.zeros((len(scored), 3), np.float32)
    for source in np.unique(raw.sources):
        progress(f"holding out {source}")
        network = train(rows.where(rows.sources != source), dials, SEED)
        inside = raw.sources == source
        logits[inside] = summed_logits(network, raw.features[inside])
    return logits


def summed_logits(network: Network, features: Array) -> Array:
    """The network's scores and the rules', added: the product of what both believe."""
    votes, bias = rule_scores()
    return network.logits(features) + features @ votes + bias


def folded(network: Network, temperature: float) -> ClassifierWeights:
    """Network and rules as one set of weights, with scaling and temperature folded in."""
    votes, bias = rule_scores()
    hidden = network.hidden / network.scale[:, None]
    hidden_bias = network.hidden_bias - network.mean @ hidden
    direct_bias = (network.out_bias + bias) / temperature
    return ClassifierWeights(
        inner=np.hstack((hidden, votes / temperature)).astype(np.float32),
        inner_bias=np.concatenate((hidden_bias, direct_bias)).astype(np.float32),
        out=(network.out / temperature).astype(np.float32),
        features=features_digest(),
    )


def _scored(
    title: str,
    prompts: list[Prompt],
    network: Network,
    temperature: float,
    cascade: Cascade | None,
) -> Iterator[Section]:
    posteriors = softmax(summed_logits(network, examples(prompts).features), temperature)
    flips = _flips(prompts, network, temperature, decide(posteriors, DEFAULT_COSTS))
    yield section(title, prompts, posteriors, flips)
    if cascade is not None:
        yield cascade.scored(title, prompts, posteriors)


def _flips(
    prompts: Sequence[Prompt], network: Network, temperature: float, before: NDArray[np.int64]
) -> dict[str, float]:
    """Share of decisions that change, by perturbation."""
    flips: dict[str, float] = {}
    for name, change in PERTURBATIONS.items():
        draw = random.Random(SEED)
        changed = [Prompt(change(p.text, draw), p.task, p.source, p.lang) for p in prompts]
        logits = summed_logits(network, examples(changed).features)
        flips[name] = float((decide(softmax(logits, temperature), DEFAULT_COSTS) != before).mean())
    return flips
