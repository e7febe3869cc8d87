"""A real Prometheus in a process of its own, and questions to it."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from support.process import eventually

OBSERVE = Path(__file__).parents[2] / "observe"


class Prometheus:
    """Where one listens, and what it answers."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **params: str) -> Any:
        """The `data` of an answer of its API."""
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}{query}", timeout=20) as answer:  # noqa: S310
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"{path} {params}: {error.read().decode()}") from None

    def query(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Labels and value of each series that an expression gives now."""
        result = self.get("query", query=expr)["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    @property
    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def prometheus(folder: Path, gateway: str, every_s: int = 1) -> Iterator[Prometheus]:
    """The shipped configuration and rules over one gateway, scraped and evaluated often."""
    program = shutil.which("prometheus")
    assert program is not None, "prometheus is missing: apt-get install prometheus"
    settings = yaml.safe_load((OBSERVE / "prometheus.yml").read_text(encoding="utf-8"))
    for name in ("scrape_interval", "scrape_timeout", "evaluation_interval"):
        settings["global"][name] = f"{every_s}s"
    settings["rule_files"] = [str(OBSERVE / pattern) for pattern in settings["rule_files"]]
    (job,) = settings["scrape_configs"]
    job["static_configs"] = [{"targets": [gateway.removeprefix("http://")]}]
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    address = f"127.0.0.1:{free_port()}"
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            [
                program,
                f"--config.file={path}",
                f"--storage.tsdb.path={folder / 'tsdb'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        )
        try:
            server = Prometheus(f"http://{address}")
            said = folder / "prometheus.log"
            assert eventually(lambda: server.ready, 30.0), said.read_text(encoding="utf-8")
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)
