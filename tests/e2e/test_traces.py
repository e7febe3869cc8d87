"""Traces of a real gateway, taken by a real OTLP receiver; the engine sees the attempt's id."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from support.asking import ask, chat_body
from support.process import configured, eventually

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ANSWER = {
    "object": "chat.completion",
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2},
}
FLEET = """
models:
  m: {{tasks: [simple, code, reasoning]}}
endpoints:
  - {{id: e, url: "{url}", model: m, engine: openai, slots: 2, resources: none}}
{otel}
"""


class Heard:
    """What came in: headers of calls to the engine, spans of the collector."""

    def __init__(self) -> None:
        self.calls: list[dict[str, str]] = []
        self.exports: list[ExportTraceServiceRequest] = []

    def spans(self) -> list[Any]:
        return [
            span
            for export in self.exports
            for resource in export.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@contextlib.contextmanager
def listening(heard: Heard) -> Iterator[str]:
    """An engine and a collector on one port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                heard.exports.append(ExportTraceServiceRequest.FromString(body))
                self._say(b"", "application/x-protobuf")
            else:
                heard.calls.append({k.lower(): v for k, v in self.headers.items()})
                self._say(json.dumps(ANSWER).encode(), "application/json")

        def do_GET(self) -> None:
            models = {"object": "list", "data": [{"id": "m", "object": "model"}]}
            self._say(json.dumps(models).encode(), "application/json")

        def _say(self, body: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def attributes(span: Any) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in span.attributes
    }


def test_a_trace_goes_from_the_client_through_us_to_the_engine(tmp_path: Path) -> None:
    heard = Heard()
    with listening(heard) as url:
        otel = f'otel: {{endpoint: "{url}"}}'
        with configured(tmp_path, FLEET.format(url=url, otel=otel)) as zeta:
            said = ask(
                f"{zeta.url}/v1/chat/completions",
                chat_body("Hello"),
                headers={"traceparent": PARENT, "tracestate": "vendor=1"},
            )
            assert said.status == 200
            second = ask(f"{zeta.url}/v1/chat/completions", chat_body("Hello"))
            assert second.status == 200
        # stopped: what was not sent by then has been sent now
        first, fresh = heard.calls
        spans = heard.spans()
        service = {
            pair.key: pair.value.string_value
            for pair in heard.exports[0].resource_spans[0].resource.attributes
        }
    assert service["service.name"] == "zeta-router"
    ours = [span for span in spans if span.trace_id.hex() == PARENT[3:35]]
    by_name = {span.name: span for span in ours}
    assert set(by_name) == {"chat auto", "zeta.decide", "chat m"}
    root, attempt = by_name["chat auto"], by_name["chat m"]
    assert root.parent_span_id.hex() == "b7ad6b7169203331"
    assert attempt.parent_span_id == root.span_id
    assert first["traceparent"] == f"00-{PARENT[3:35]}-{attempt.span_id.hex()}-01"
    assert first["tracestate"] == "vendor=1"
    told = attributes(root)
    assert told["zeta.decision.id"] == said.headers["x-zeta-decision-id"]
    assert (told["gen_ai.operation.name"], told["gen_ai.request.model"]) == ("chat", "auto")
    assert (told["gen_ai.response.model"], told["gen_ai.usage.output_tokens"]) == ("m", 2)
    assert fresh["traceparent"][3:35] not in (PARENT[3:35], "0" * 32)
    assert "Hello" not in str(spans)
    assert len(spans) == 6


def test_off_the_clients_trace_is_passed_on_as_it_came(tmp_path: Path) -> None:
    heard = Heard()
    with listening(heard) as url:
        with configured(tmp_path, FLEET.format(url=url, otel="")) as zeta:
            headers = {"traceparent": PARENT, "tracestate": "vendor=1"}
            body = chat_body("Hello")
            assert ask(f"{zeta.url}/v1/chat/completions", body, headers=headers).status == 200
            assert ask(f"{zeta.url}/v1/chat/completions", body).status == 200
        first, second = heard.calls
        assert (first["traceparent"], first["tracestate"]) == (PARENT, "vendor=1")
        assert "traceparent" not in second
        assert heard.exports == []


def test_a_collector_that_is_gone_is_no_trouble_for_clients(tmp_path: Path) -> None:
    heard = Heard()
    with listening(heard) as url:
        otel = 'otel: {endpoint: "http://127.0.0.1:9"}'
        with configured(tmp_path, FLEET.format(url=url, otel=otel)) as zeta:
            for _ in range(20):
                said = ask(f"{zeta.url}/v1/chat/completions", chat_body("Hello"))
                assert said.status == 200
            assert eventually(lambda: ask(f"{zeta.url}/ready").status == 200)
            assert zeta.stop() == 0
            told = "".join(zeta.lines)
            assert "Traceback" not in told, told
