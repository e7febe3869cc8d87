"""An engine that leaks memory on purpose, as a process of its own.

Answers what an OpenAI-compatible server has to and keeps a piece of memory for every tenth of a
second that it lives: ``python leaky_engine.py PORT BYTES_PER_S``. Ends when its input does, so that
it cannot outlive the test that started it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STEP_S = 0.1
ANSWERS = {"France": "Paris", "week": "7", "Spanish": "perro", "opposite": "cold", "7 // 2": "3"}


class Handler(BaseHTTPRequestHandler):
    """Answers at once."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._say({"object": "list", "data": [{"id": "m", "object": "model"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        text = str(asked.get("messages"))
        said = next((right for key, right in ANSWERS.items() if key in text), "I see.")
        message = {"role": "assistant", "content": said}
        self._say(
            {
                "object": "chat.completion",
                "model": "m",
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
            }
        )

    def log_message(self, *args: object) -> None:
        """Quiet."""

    def _say(self, body: object) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def leak(bytes_per_s: float) -> None:
    """Keep what was never needed."""
    kept = []
    while bytes_per_s:
        kept.append(b"\x01" * int(bytes_per_s * STEP_S))
        time.sleep(STEP_S)


def end_with_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    port, rate = int(sys.argv[1]), float(sys.argv[2])
    threading.Thread(target=leak, args=(rate,), daemon=True).start()
    threading.Thread(target=end_with_input, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
