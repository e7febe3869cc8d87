"""The limits on clients as `zeta.yaml` gives them, over a real process, and after a reload."""

from __future__ import annotations

import json
import signal
import socket
from pathlib import Path
from urllib.parse import urlsplit

from support.process import configured, eventually

TASKS = {"simple": 0.7, "code": 0.7, "reasoning": 0.7}
ENGINE = {"id": "a", "url": "http://127.0.0.1:9", "model": "m", "engine": "openai"}
GET = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"


def document(**limits: float) -> str:
    return json.dumps({"models": {"m": {"tasks": TASKS}}, "endpoints": [ENGINE], "limits": limits})


def said(url: str, data: bytes) -> bytes:
    """All that is answered to some bytes until the connection is closed."""
    host, port = urlsplit(url).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(data)
        found = b""
        while piece := line.recv(65536):
            found += piece
        return found


def test_the_file_s_limits_are_kept_and_reloaded(tmp_path: Path) -> None:
    with configured(tmp_path, document(head_s=0.1, header_bytes=300)) as zeta:
        assert said(zeta.url, GET[:20])[9:12] == b"408"
        long = GET.replace(b"host", b"x: " + b"y" * 300 + b"\r\nhost")
        assert said(zeta.url, long)[9:12] == b"431"
        host, port = urlsplit(zeta.url).netloc.split(":")
        (tmp_path / "fleet.yaml").write_text(document(head_s=30, connections_per_client=1))
        zeta.process.send_signal(signal.SIGHUP)
        assert eventually(lambda: any("is in force" in line for line in zeta.lines))
        with socket.create_connection((host, int(port)), timeout=20) as first:
            first.sendall(GET)
            assert first.recv(65536)[9:12] == b"200"
            assert said(zeta.url, GET)[9:12] == b"429"
