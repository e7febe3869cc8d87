"""`zeta route`, and who answers where a gateway should."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from support.fleets import TWO_SIMULATED
from zeta_router.app.cli.route import command
from zeta_router.core.errors import ConfigError


@contextmanager
def answering(status: int, body: str) -> Iterator[str]:
    """A server that answers every POST alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, "<html>Not Found</html>", "is no gateway of this kind"),
        (200, "<html>Hello</html>", "is no gateway of this kind"),
        (200, "[1]", "is no gateway of this kind"),
        (404, '{"detail": "Not Found"}', "is no gateway of this kind"),
        (401, "", "ZETA_KEY"),
        (400, '{"error": {"message": "no such model"}}', "answered 400: no such model"),
    ],
)
def test_somebody_else_answers(status: int, body: str, said: str) -> None:
    with answering(status, body) as url:
        done = CliRunner().invoke(command, ["hi", "--url", url])
    assert isinstance(done.exception, ConfigError)
    assert said in str(done.exception)
    assert "JSON" not in str(done.exception)


def test_an_engine_on_the_gateway_s_port_does_not_keep_the_file_from_deciding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ZETA_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    with answering(404, "<html>Not Found</html>") as url:
        (tmp_path / "zeta.yaml").write_text(f"listen: {url[7:]}\n{TWO_SIMULATED}")
        done = CliRunner().invoke(command, ["Write a Python function", "--json"])
    assert json.loads(done.stdout)["decisions"][0]["endpoint"] == "c"


def test_a_gateway_s_explanation_is_shown_as_it_is() -> None:
    told = {"decisions": [{"endpoint": "a"}]}
    with answering(200, json.dumps(told)) as url:
        done = CliRunner().invoke(command, ["hi", "--url", url, "--json"])
    assert json.loads(done.stdout) == told
