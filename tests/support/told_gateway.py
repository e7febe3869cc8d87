"""A gateway that says what it is told to say: the pages that `zeta top` and `zeta doctor` read."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def signal(value: float | None, source: str = "/metrics") -> dict[str, Any]:
    return {"value": value, "age_s": 0.5, "source": source}


def endpoint(key: str, **more: Any) -> dict[str, Any]:
    """One endpoint as `/zeta/fleet` shows it."""
    signals = {name: signal(None) for name in ("slots", "running", "waiting", "kv_used_ratio")}
    signals |= {"cpu_ratio": signal(0.25), "rss_bytes": signal(1.5e9)}
    return {
        "id": key,
        "url": "http://127.0.0.1:9",
        "model": f"{key}-model",
        "engine": "llamacpp",
        "state": "up",
        "generation": 1,
        "in_flight": 1,
        "foreign_in_flight": 0,
        "queue_depth": 0.0,
        "slots": 4,
        "price": 0.0123,
        "ttft_ewma_s": None,
        "resident": None,
        "signals": signals,
        **more,
    }


def learned(key: str, **states: tuple[str, str]) -> dict[str, Any]:
    """One endpoint as `/zeta/state` shows it; `quality=("degraded", "what is wrong")`."""
    condition = {
        axis: {"state": "healthy", "since_s": 0.0, "value": 0.0, "text": ""}
        for axis in ("liveness", "latency", "quality", "memory")
    }
    for axis, (state, text) in states.items():
        condition[axis] |= {"state": state, "text": text}
    return {"id": key, "price": 0.0, "condition": condition}


def decision(number: int, key: str | None, at_s: float, **more: Any) -> dict[str, Any]:
    """One query of `/zeta/decisions`, answered in full."""
    return {
        "decision_id": f"d{number}",
        "decided_at_s": at_s,
        "task": "code",
        "verdict": "dispatch",
        "reason": "route",
        "endpoint": key,
        "status": "ok",
        "sent_after_s": 0.1,
        "queue_wait_s": 0.1,
        "ttft_s": 0.2,
        "e2e_s": 1.0,
        "output_tokens": 30,
        **more,
    }


class ToldGateway:
    """What it says, by path; may be changed while it answers."""

    def __init__(self) -> None:
        self.url = ""
        self.key = ""
        self.pages: dict[str, Any] = {
            "/health": {"status": "ok", "version": "0", "log_trouble": None},
            "/zeta/fleet": {
                "policy": "joint",
                "version": 1,
                "now_s": 100.0,
                "queued": {"interactive": 0, "normal": 2, "batch": 0},
                "endpoints": [endpoint("a"), endpoint("b")],
            },
            "/zeta/state": {"open": 1, "endpoints": [learned("a"), learned("b")]},
            "/zeta/decisions": {"decisions": [decision(1, "a", 99.0)]},
            "/metrics": 'zeta_decisions_total{reason="route",policy="joint"} 10\n'
            'zeta_overhead_seconds_bucket{le="0.0008"} 98\n'
            'zeta_overhead_seconds_bucket{le="0.0016"} 100\n'
            'zeta_overhead_seconds_bucket{le="+Inf"} 100\n',
        }


@contextlib.contextmanager
def told_gateway(port: int = 0) -> Iterator[ToldGateway]:
    """One that answers on a free port, in a thread of its own, until the end of the block."""
    told = ToldGateway()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = told.pages.get(self.path.partition("?")[0])
            if told.key and self.headers["authorization"] != f"Bearer {told.key}":
                self.send_response(401)
                self.end_headers()
                return
            text = page if isinstance(page, str) else json.dumps(page)
            body = text.encode()
            kind = "text/plain" if isinstance(page, str) else "application/json"
            self.send_response(404 if page is None else 200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if "/zeta/fleet" in told.pages:
                self.send_header("x-zeta", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    told.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
