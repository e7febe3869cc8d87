"""What a request costs by the size of its body: 1 kB to 2 MB, as with pictures.

Usage: ``python benchmarks/gateway/bodies.py [--subjects zeta,bare-lean]``. Processor time of the
gateway per request and per kilobyte, and its memory after each size.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
from pathlib import Path

from run import STREAM_PORTS
from subjects import HERE, LOAD_CPU, pinned, start, wait_for_answer

SIZES = {1_000: 600, 20_000: 400, 200_000: 150, 2_000_000: 40}
"""Bytes of a picture, and how often it is sent."""

PORT = 18560


def body(size: int, number: int) -> bytes:
    """A chat request with a picture."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * size}}
    text = {"type": "text", "text": f"What is in picture {number}?"}
    messages = [{"role": "user", "content": [text, picture]}]
    return json.dumps({"model": "m", "messages": messages}).encode()


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", default="bare-lean,zeta")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        own = [sys.executable, str(HERE / "engine.py"), *map(str, STREAM_PORTS)]
        engine = pinned(LOAD_CPU, own, Path(folder) / "engine.log")
        try:
            wait_for_answer(STREAM_PORTS[0], engine, Path(folder) / "engine.log")
            for number, name in enumerate(given.subjects.split(",")):
                measured(name, PORT + number, Path(folder))
        finally:
            engine.terminate()
            engine.wait()


def measured(name: str, port: int, folder: Path) -> None:
    """All sizes at one gateway."""
    subject = start(name, port, STREAM_PORTS, folder)
    if subject is None:
        raise SystemExit(f"{name} is not installed")
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for size, times in SIZES.items():
            cpu_s = subject.cpu_s()
            for number in range(times):
                headers = {"content-type": "application/json"}
                asking.request("POST", "/v1/chat/completions", body(size, number), headers)
                answer = asking.getresponse()
                answer.read()
                if answer.status != 200:
                    raise SystemExit(f"{name} answers {answer.status} to {size} bytes")
            us = (subject.cpu_s() - cpu_s) * 1e6 / times
            sys.stdout.write(
                f"{name:14} {size:>9,} bytes {us:9.0f} µs, {us / size * 1000:7.1f} µs/kB, "
                f"{subject.memory_mb():6.0f} MB\n"
            )
    finally:
        asking.close()
        subject.stop()


if __name__ == "__main__":
    main()
