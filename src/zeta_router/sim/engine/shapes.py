"""Answers of an emulated engine, in the two shapes that OpenAI defines."""

from __future__ import annotations

from time import time
from typing import Any

from zeta_router.learn.task.ask import content_text
from zeta_router.sim.engine.filler import filler
from zeta_router.sim.engine.realtime import Ticket


class Shape:
    """The two shapes of an answer, as OpenAI defines them."""

    object_name = ""
    chunk_name = ""

    def __init__(self, model: str, ticket: Ticket, body: dict[str, Any]) -> None:
        self.body = body
        self._ticket = ticket
        self._serial = int(ticket.id.rpartition("-")[2])
        self._head = {"id": ticket.id, "created": int(time()), "model": model}

    @staticmethod
    def prompt_of(body: dict[str, Any]) -> str:
        """The text that is computed before the first token."""
        raise NotImplementedError

    def choice(self, text: str, *, chunk: bool) -> dict[str, Any]:
        """The part that carries the text."""
        raise NotImplementedError

    def words(self, start: int, count: int) -> str:
        """A part of what it says."""
        return filler(self._serial, start, count)

    @property
    def finish_reason(self) -> str:
        """``length`` where a limit ended the answer."""
        return "length" if self._ticket.truncated else "stop"

    @property
    def _usage(self) -> dict[str, int]:
        prompt, output = self._ticket.prompt_tokens, self._ticket.output_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
        }

    def whole(self) -> dict[str, Any]:
        """The answer in one piece."""
        text = self.choice(self.words(0, self._ticket.output_tokens), chunk=False)
        choice = {"index": 0, **text, "finish_reason": self.finish_reason}
        return {
            **self._head,
            "object": self.object_name,
            "choices": [choice],
            "usage": self._usage,
        }

    def chunk(self, text: str, finish_reason: str | None) -> dict[str, Any]:
        """A part of a streamed answer."""
        choice = {"index": 0, **self.choice(text, chunk=True), "finish_reason": finish_reason}
        return {**self._head, "object": self.chunk_name, "choices": [choice]}

    def usage_chunk(self) -> dict[str, Any]:
        """The last chunk, where the client asked for the counts."""
        return {**self._head, "object": self.chunk_name, "choices": [], "usage": self._usage}


class Chat(Shape):
    """``/v1/chat/completions``."""

    object_name = "chat.completion"
    chunk_name = "chat.completion.chunk"

    @staticmethod
    def prompt_of(body: dict[str, Any]) -> str:
        """All messages."""
        return "\n".join(content_text(message.get("content")) for message in body["messages"])

    def choice(self, text: str, *, chunk: bool) -> dict[str, Any]:
        """A message, or a delta of one."""
        if chunk:
            return {"delta": {"content": text} if text else {}}
        return {"message": {"role": "assistant", "content": text}}


class Text(Shape):
    """``/v1/completions``."""

    object_name = chunk_name = "text_completion"

    @staticmethod
    def prompt_of(body: dict[str, Any]) -> str:
        """The prompt, or all of them."""
        prompt = body["prompt"]
        return prompt if isinstance(prompt, str) else "\n".join(map(str, prompt))

    def choice(self, text: str, *, chunk: bool) -> dict[str, Any]:
        """The text itself."""
        return {"text": text}
