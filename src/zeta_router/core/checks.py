"""What can be told of an answer without a judge, by whoever saw its text.

None of it says that an answer is right. It says that something is plainly wrong with it, and how
often that happens to a model says when it begins to fail. No text is in it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Checks:
    """The findings on one answer. None: it does not apply, or too much was not kept to say.

    Attributes:
        empty: It has no text for the reader and calls no tool, and no tight limit that the client
            set explains that.
        refusal: It begins as refusals begin.
        cut: It ended at a limit of tokens that the client did not choose, or chose generously.
        json_valid: It is JSON, where JSON was asked for.
        schema_valid: It has the types and fields that the schema asks for, where there was one.
        code_parses: Its fenced code of a language that can be parsed here does parse.
        compression_ratio: Size of its text compressed over plain, 0..1; low for repetition.
        distinct_trigrams_ratio: Distinct word trigrams over all, 0..1; low for repetition.
        repeated_lines_ratio: Lines that stood there before over all, 0..1; high for repetition.
        degeneration: The three together, 0..1; from .5 on it is a loop.
        other_script: It is written in another kind of script than what was asked.
        text_bytes: Its text in UTF-8, as far as was counted.
    """

    empty: bool = False
    refusal: bool = False
    cut: bool = False
    json_valid: bool | None = None
    schema_valid: bool | None = None
    code_parses: bool | None = None
    compression_ratio: float | None = None
    distinct_trigrams_ratio: float | None = None
    repeated_lines_ratio: float | None = None
    degeneration: float | None = None
    other_script: bool | None = None
    text_bytes: int = 0

    @property
    def degenerate(self) -> bool:
        """Whether it runs in circles."""
        return self.degeneration is not None and self.degeneration >= DEGENERATE

    @property
    def spoilt(self) -> bool:
        """Whether it is of no use whatever was asked."""
        return self.empty or self.refusal or self.cut or self.degenerate

    @property
    def task_done(self) -> bool | None:
        """Whether the form that was asked for is there; None where none was, or none can be told.

        A schema says more than the bare syntax, so where both are known the schema decides.
        """
        if self.schema_valid is not None:
            return self.schema_valid
        if self.json_valid is not None:
            return self.json_valid
        return self.code_parses


DEGENERATE = 0.5
"""From where on `Checks.degeneration` is a loop."""
