"""`zeta serve`, told to stop while an answer is running."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.process import configured

WORD = {"choices": [{"index": 0, "delta": {"content": "word"}, "finish_reason": None}]}
AGAIN = re.compile(r"stopping: .* up to 120 s; press again to stop now")


@pytest.fixture
def slow_engine() -> Iterator[str]:
    """An engine that begins every answer and ends none."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"data": [{"id": "m"}]}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(f"data: {json.dumps(WORD)}\n\n".encode())
            self.rfile.read(1)  # until the other end has gone

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once_and_saves_all(
    slow_engine: str, tmp_path: Path, number: signal.Signals
) -> None:
    fleet = {
        "models": {"m": {"tasks": ["simple", "code", "reasoning"]}},
        "endpoints": [{"id": "a", "url": slow_engine, "model": "m", "engine": "openai"}],
    }
    asked = {"model": "auto", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
    with configured(tmp_path, json.dumps(fleet)) as zeta:
        client = http.client.HTTPConnection(urlsplit(zeta.url).netloc, timeout=60)
        client.request("POST", "/v1/chat/completions", json.dumps(asked))
        answer = client.getresponse()
        assert b"word" in answer.readline()
        zeta.process.send_signal(number)
        zeta.wait_for(AGAIN)
        assert zeta.process.poll() is None
        assert zeta.stop(number) == 0
        with contextlib.suppress(ConnectionError, http.client.IncompleteRead):
            assert b"[DONE]" not in answer.read()
        client.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "zeta.db")) as log:
        assert log.execute("SELECT count(*) FROM outcomes").fetchone() == (1,)
