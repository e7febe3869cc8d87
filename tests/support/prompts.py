"""Prompts of known task, for every classifier of tasks."""

from __future__ import annotations

from pathlib import Path

from zeta_router.core.query import Task

README_EXAMPLES = [
    ("Write a Python function that merges two sorted lists", Task.CODE),
    ("Prove that the square root of 2 is irrational and explain each step", Task.REASONING),
    ("What is the capital of France?", Task.SIMPLE),
]


def task_prompts() -> list[tuple[Task, str]]:
    """120 prompts that were written for the rules; odd lines were tuned on, even lines never."""
    lines = Path(__file__).with_name("task_prompts.tsv").read_text("utf-8").splitlines()
    return [
        (Task(task), prompt.replace("\\n", "\n"))
        for task, _language, prompt in (line.split("\t") for line in lines)
    ]
