"""The gateways that are compared: how each is started in front of three engines, on one core."""

from __future__ import annotations

import compileall
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

import zeta_router

HERE = Path(__file__).parent
ROUTER_CPU, LOAD_CPU = "0", "1"
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


def tool(name: str) -> str | None:
    """A program on the PATH or in one of the folders of BENCH_TOOLS; None where it is not."""
    more = os.environ.get("BENCH_TOOLS", "")
    return shutil.which(name, path=os.pathsep.join([os.environ["PATH"], "/usr/sbin", more]))


def pinned(cpu: str, command: list[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a program on one core.

    Python may keep its bytecode.
    """
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    with log.open("wb") as out:
        return subprocess.Popen(  # noqa: S603
            ["/usr/bin/taskset", "-c", cpu, *command],
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environ,
        )


@dataclass
class Subject:
    """A running gateway.

    Attributes:
        started_s: From its start to its first answer.
        idle_mb: Resident memory of its processes before any load.
    """

    name: str
    port: int
    process: subprocess.Popen[bytes] | None
    started_s: float = 0.0
    idle_mb: float = 0.0

    def _family(self) -> list[psutil.Process]:
        if self.process is None:
            return []
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def cpu_s(self) -> float:
        """Processor time of its processes so far."""
        times = [one.cpu_times() for one in self._family()]
        return sum(t.user + t.system for t in times)

    def memory_mb(self) -> float:
        """Resident memory of its processes."""
        return sum(one.memory_info().rss for one in self._family()) / 1e6

    def stop(self) -> None:
        """End it and its children."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


def _zeta(port: int, engines: list[int], folder: Path, upstream: str) -> list[str]:
    lines = [f"listen: 127.0.0.1:{port}", "models:"]
    lines += ["  m: {tasks: {simple: 0.8, code: 0.8, reasoning: 0.8}}", "endpoints:"]
    for number, engine in enumerate(engines):
        lines.append(
            f'  - {{id: e{number}, url: "http://127.0.0.1:{engine}", model: m, engine: openai, '
            "slots: 400, resources: none}"
        )
    lines += ["policy: joint", f"log: {{path: {folder}/zeta-{port}.db}}"]
    lines += ["learning: {retrain_every_h: 0}", f"gateway: {{upstream: {upstream}}}"]
    config = folder / f"zeta-{port}.yaml"
    config.write_text("\n".join(lines) + "\n")
    return [str(Path(sys.executable).parent / "zeta"), "serve", "--config", str(config)]


_NGINX = """daemon off; master_process off; pid {folder}/{port}.pid;
error_log {folder}/{port}.err crit; events {{ worker_connections 8192; }}
http {{ access_log off; keepalive_requests 1000000000; keepalive_timeout 300; tcp_nodelay on;
{paths}
{body} }}
"""


def _nginx_config(port: int, folder: Path, body: str) -> Path:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{port}-{kind};" for kind in kinds)
    config = folder / f"nginx-{port}.conf"
    config.write_text(_NGINX.format(folder=folder, port=port, paths=paths, body=body))
    return config


def _nginx(port: int, engines: list[int], folder: Path) -> list[str] | None:
    program = tool("nginx")
    servers = " ".join(f"server 127.0.0.1:{engine};" for engine in engines)
    body = (
        f"upstream fleet {{ {servers} keepalive 256; keepalive_requests 1000000000; }}\n"
        f"server {{ listen 127.0.0.1:{port} backlog=4096; client_max_body_size 64m;"
        "location / { proxy_pass http://fleet; proxy_http_version 1.1; proxy_buffering off;"
        'proxy_set_header Connection ""; client_body_buffer_size 64k; } }'
    )
    config = _nginx_config(port, folder, body)
    return [program, "-c", str(config), "-p", str(folder)] if program else None


def engine_by_nginx(ports: list[int], answer: str, folder: Path) -> list[str] | None:
    """The fastest engine that is to be had: nginx that says always the same."""
    program = tool("nginx")
    listens = " ".join(f"listen 127.0.0.1:{port} backlog=4096;" for port in ports)
    body = (
        f"default_type application/json; server {{ {listens}"
        f"location = /v1/chat/completions {{ return 200 '{answer}'; }}"
        'location / { return 200 \'{"object":"list","data":[{"id":"m","object":"model"}]}\'; } }'
    )
    config = _nginx_config(ports[0], folder, body)
    return [program, "-c", str(config), "-p", str(folder)] if program else None


def _haproxy(port: int, engines: list[int], folder: Path) -> list[str] | None:
    program = tool("haproxy")
    lines = ["global", "  nbthread 1", "  maxconn 8192", "defaults", "  mode http"]
    lines += ["  timeout connect 5s", "  timeout client 300s", "  timeout server 300s"]
    lines += ["  http-reuse always", "frontend in", f"  bind 127.0.0.1:{port}"]
    lines += ["  default_backend fleet", "backend fleet", "  balance roundrobin"]
    lines += [f"  server e{n} 127.0.0.1:{n}" for n in engines]
    config = folder / f"haproxy-{port}.cfg"
    config.write_text("\n".join(lines) + "\n")
    return [program, "-f", str(config), "-db"] if program else None


def _rust(name: str, port: int, engines: list[int]) -> list[str] | None:
    python = os.environ.get(f"BENCH_{name.upper()}_PYTHON")
    if python is None:
        return None
    urls = [f"http://127.0.0.1:{n}" for n in engines]
    module = f"{name}_router.launch_router"
    command = [python, "-m", module, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--prometheus-port", str(port + 300)]
    return [*command, "--worker-urls", *urls, "--policy", "round_robin", "--log-level", "error"]


def _litellm(port: int, engines: list[int], folder: Path) -> list[str] | None:
    program = os.environ.get("BENCH_LITELLM")
    lines = ["model_list:"]
    for engine in engines:
        lines += ["  - model_name: m", "    litellm_params:", "      model: openai/m"]
        lines += [f"      api_base: http://127.0.0.1:{engine}/v1", "      api_key: none"]
    config = folder / f"litellm-{port}.yaml"
    config.write_text("\n".join(lines) + "\n")
    return [program, "--config", str(config), "--port", str(port)] if program else None


def command_of(name: str, port: int, engines: list[int], folder: Path) -> list[str] | None:
    """How a gateway is started; None where it is not installed."""
    bare = [sys.executable, str(HERE / "bare.py")]
    ports = [str(port), *map(str, engines)]
    made = {
        "zeta": lambda: _zeta(port, engines, folder, "auto"),
        "zeta-aiohttp": lambda: _zeta(port, engines, folder, "aiohttp"),
        "bare-lean": lambda: [*bare, "lean", *ports],
        "bare-aiohttp": lambda: [*bare, "aiohttp", *ports],
        "nginx": lambda: _nginx(port, engines, folder),
        "haproxy": lambda: _haproxy(port, engines, folder),
        "sglang-router": lambda: _rust("sglang", port, engines),
        "vllm-router": lambda: _rust("vllm", port, engines),
        "litellm": lambda: _litellm(port, engines, folder),
    }
    return made[name]()


def start(name: str, port: int, engines: list[int], folder: Path) -> Subject | None:
    """Start a gateway and wait for its first answer; None where it is not installed."""
    if name == "direct":
        return Subject(name, engines[0], None)
    command = command_of(name, port, engines, folder)
    if command is None:
        return None
    compileall.compile_dir(str(Path(zeta_router.__file__).parent), quiet=1)  # as installing does
    began_s = time.perf_counter()
    subject = Subject(name, port, pinned(ROUTER_CPU, command, folder / f"{name}.log"))
    wait_for_answer(port, subject.process, folder / f"{name}.log")
    subject.started_s = time.perf_counter() - began_s
    time.sleep(0.5)
    subject.idle_mb = subject.memory_mb()
    return subject


def wait_for_answer(
    port: int, process: subprocess.Popen[bytes] | None, log: Path, limit_s: float = 90.0
) -> None:
    """Ask until there is an answer with status 200."""
    body = b'{"model":"m","messages":[{"role":"user","content":"Hello"}]}'
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    headers = {"content-type": "application/json"}
    began_s = time.perf_counter()
    while time.perf_counter() - began_s < limit_s:
        if process is not None and process.poll() is not None:
            break
        try:
            asked = urllib.request.Request(url, body, headers)
            with urllib.request.urlopen(asked, timeout=10):  # noqa: S310
                return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing answers on port {port}: {log.read_text()[-2000:]}")
