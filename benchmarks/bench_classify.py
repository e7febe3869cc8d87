"""Time from text to posterior, by script, against a fixed kernel in the same run.

Usage: ``python benchmarks/bench_classify.py [--rounds N] [--json]``. Every text is 1,000 characters
long, made from the training templates, and classified once a round, so nothing can be remembered
between calls. The kernel (a Python loop of 1,000 multiplications) runs before every call: dividing
by it makes figures of different machines, and of one machine under load, comparable.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from functools import partial

from zeta_router.app.training.generate import made_prompts
from zeta_router.app.training.weights import shipped_classifier
from zeta_router.core.query import Operation
from zeta_router.learn.task.ask import Ask, extract
from zeta_router.learn.task.protocol import TaskClassifier

CHARS = 1000
TEXTS = 60


def kernel() -> int:
    """The fixed work that times are divided by."""
    total = 0
    for number in range(1000):
        total += number * number
    return total


def texts_by_script(seed: int) -> dict[str, list[str]]:
    """Distinct texts of `CHARS` characters in every template language, and of random characters."""
    draw = random.Random(seed)
    prompts = made_prompts(3, seed)
    languages = sorted({prompt.lang for prompt in prompts})
    texts = {}
    for lang in languages:
        own = [prompt.text for prompt in prompts if prompt.lang == lang]
        texts[lang] = [joined(own, draw) for _ in range(TEXTS)]
    for name, low, high in (("random-ascii", 32, 127), ("random-han", 0x4E00, 0x9FFF)):
        texts[name] = [
            "".join(chr(draw.randrange(low, high)) for _ in range(CHARS)) for _ in range(TEXTS)
        ]
    return texts


def joined(prompts: list[str], draw: random.Random) -> str:
    """Prompts drawn one after the other until they fill `CHARS` characters."""
    text = ""
    while len(text) < CHARS:
        text += draw.choice(prompts) + " "
    return text[:CHARS]


def timed_us(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1000


def classify(classifier: TaskClassifier, ask: Ask) -> object:
    """From an ask to the estimate: what the gateway does for every query."""
    return classifier.estimate(extract(ask), Operation.CHAT)


def measure(texts: list[str], rounds: int) -> dict[str, float]:
    """Quantiles of classifying each text once a round, in microseconds and in kernels.

    Each call is divided by the kernel that ran right before it, so that a clock that changes, or a
    core that is shared, changes both.
    """
    classifier = shipped_classifier()
    times, kernels, ratios = [], [], []
    for _ in range(rounds):
        for text in texts:
            base = timed_us(kernel)
            took = timed_us(partial(classify, classifier, Ask(text)))
            times.append(took)
            kernels.append(base)
            ratios.append(took / base)
    for values in (times, kernels, ratios):
        values.sort()
    middle, late = len(times) // 2, len(times) * 99 // 100
    return {
        "p50_us": times[middle],
        "p99_us": times[late],
        "kernel_us": kernels[middle],
        "p50_per_kernel": ratios[middle],
        "p99_per_kernel": ratios[late],
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = {script: measure(texts, options.rounds) for script, texts in texts_by_script(1).items()}
    if options.json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return 0
    sys.stdout.write(
        f"{'script':14s} {'p50 µs':>8s} {'p99 µs':>8s} {'kernel µs':>9s} "
        f"{'p50/kernel':>10s} {'p99/kernel':>10s}\n"
    )
    for script, row in found.items():
        sys.stdout.write(
            f"{script:14s} {row['p50_us']:8.1f} {row['p99_us']:8.1f} {row['kernel_us']:9.1f} "
            f"{row['p50_per_kernel']:10.2f} {row['p99_per_kernel']:10.2f}\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
