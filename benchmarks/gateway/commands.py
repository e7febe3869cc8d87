"""How each of the compared gateways is started in front of three engines."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from peers import portkey_server, python_of, tool

HERE = Path(__file__).parent


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


def _by_nginx(port: int, folder: Path, body: str) -> list[str] | None:
    program = tool("nginx")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = "\n".join(f"{kind}_temp_path {folder}/{port}-{kind};" for kind in kinds)
    config = folder / f"nginx-{port}.conf"
    config.write_text(_NGINX.format(folder=folder, port=port, paths=paths, body=body))
    return [program, "-c", str(config), "-p", str(folder)] if program else None


def _nginx(port: int, engines: list[int], folder: Path) -> list[str] | None:
    servers = " ".join(f"server 127.0.0.1:{engine};" for engine in engines)
    body = (
        f"upstream fleet {{ {servers} keepalive 256; keepalive_requests 1000000000; }}\n"
        f"server {{ listen 127.0.0.1:{port} backlog=4096; client_max_body_size 64m;"
        "location / { proxy_pass http://fleet; proxy_http_version 1.1; proxy_buffering off;"
        'proxy_set_header Connection ""; client_body_buffer_size 64k; } }'
    )
    return _by_nginx(port, folder, body)


def engine_by_nginx(ports: list[int], answer: str, folder: Path) -> list[str] | None:
    """The fastest engine that is to be had: nginx that says always the same."""
    listens = " ".join(f"listen 127.0.0.1:{port} backlog=4096;" for port in ports)
    body = (
        f"default_type application/json; server {{ {listens}"
        f"location = /v1/chat/completions {{ return 200 '{answer}'; }}"
        'location / { return 200 \'{"object":"list","data":[{"id":"m","object":"model"}]}\'; } }'
    )
    return _by_nginx(ports[0], folder, body)


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
    python = python_of(f"{name}-router")
    if python is None:
        return None
    urls = [f"http://127.0.0.1:{n}" for n in engines]
    module = f"{name}_router.launch_router"
    command = [python, "-m", module, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--prometheus-port", str(port + 300)]
    return [*command, "--worker-urls", *urls, "--policy", "round_robin", "--log-level", "error"]


def _litellm(port: int, engines: list[int], folder: Path) -> list[str] | None:
    python = python_of("litellm")
    lines = ["model_list:"]
    for engine in engines:
        lines += ["  - model_name: m", "    litellm_params:", "      model: openai/m"]
        lines += [f"      api_base: http://127.0.0.1:{engine}/v1", "      api_key: none"]
    config = folder / f"litellm-{port}.yaml"
    config.write_text("\n".join(lines) + "\n")
    if python is None:
        return None
    return [str(Path(python).parent / "litellm"), "--config", str(config), "--port", str(port)]


def _portkey(port: int) -> list[str] | None:
    server = portkey_server()
    return ["node", str(server), f"--port={port}", "--headless"] if server else None


def header_of(name: str, engines: list[int]) -> str:
    """The header line that a gateway wants with every request; "" for most.

    Portkey is told of its engines by the client.
    """
    if name != "portkey":
        return ""
    targets = [
        {"provider": "openai", "api_key": "none", "custom_host": f"http://127.0.0.1:{engine}/v1"}
        for engine in engines
    ]
    config = {"strategy": {"mode": "loadbalance"}, "targets": targets}
    return f"x-portkey-config: {json.dumps(config, separators=(',', ':'))}"


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
        "portkey": lambda: _portkey(port),
    }
    return made[name]()
