"""The gateways that ours is measured beside, and the tools to measure with: where they are.

Usage: ``python benchmarks/gateway/peers.py [name ...]`` (``make bench-peers``) installs those
named, else all, into ``build/peers``; ``BENCH_PEERS`` names another folder, which several checkouts
may share. Nothing is installed outside it, and nothing needs root.

Each Python peer gets an environment of its own from a hash-locked file (`requirements/peers`),
Portkey comes by npm from its lock file, ``wrk``, ``nginx`` and ``haproxy`` are unpacked from
Debian's packages where the PATH does not have them already.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("BENCH_PEERS") or ROOT / "build" / "peers").absolute()
REQUIREMENTS = ROOT / "requirements" / "peers"

TOOLS = {"wrk": "wrk", "nginx": "nginx", "haproxy": "haproxy"}
"""Program to Debian package."""


class NotInstalledError(Exception):
    """A peer could not be installed; says why and what would mend it."""


def tool(name: str) -> str | None:
    """A program on the PATH or unpacked here; None where it is not."""
    folders = [os.environ["PATH"], "/usr/sbin", *(str(_debian() / f"usr/{d}") for d in _PROGRAMS)]
    return shutil.which(name, path=os.pathsep.join(folders))


def needed(name: str) -> str:
    """The same of a program without which nothing can be measured."""
    program = tool(name)
    if program is None:
        raise SystemExit(f"{name} is not installed: make bench-peers")
    return program


def python_of(name: str) -> str | None:
    """The Python that has this peer; None where it is not installed."""
    python = FOLDER / name / "bin" / "python"
    return str(python) if (FOLDER / name / ".installed").exists() else None


def portkey_server() -> Path | None:
    """The program of Portkey's gateway; None where it is not installed."""
    server = FOLDER / "portkey/node_modules/@portkey-ai/gateway/build/start-server.js"
    return server if server.exists() and shutil.which("node") else None


def environment() -> dict[str, str]:
    """The environment in which a peer or a tool runs: Python may keep its bytecode."""
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    libraries = [str(path) for path in sorted(_debian().glob("usr/lib/*-linux-*"))]
    if libraries:
        before = environ.get("LD_LIBRARY_PATH")
        environ["LD_LIBRARY_PATH"] = os.pathsep.join([*libraries, *([before] if before else [])])
    return environ


_PROGRAMS = ("bin", "sbin")


def _debian() -> Path:
    return FOLDER / "debian"


def _run(command: list[str], mend: str, *, cwd: Path | None = None) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=cwd, check=False, capture_output=True, text=True
        )
    except OSError as error:
        raise NotInstalledError(f"{command[0]}: {error.strerror or error}; {mend}") from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise NotInstalledError(f"{command[0]}: {' / '.join(said)}; {mend}")


def install_python(name: str) -> None:
    """A Python peer in an environment of its own."""
    folder, locked = FOLDER / name, REQUIREMENTS / f"{name}.txt"
    done = folder / ".installed"
    if done.exists() and done.read_bytes() == locked.read_bytes():
        return
    shutil.rmtree(folder, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(folder)], "Debian has it in python3-venv")
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    pip += ["--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", str(locked)]
    _run(pip, f"try {locked.name} by hand")
    shutil.copyfile(locked, done)


def install_portkey() -> None:
    """Portkey's gateway, by npm."""
    folder = FOLDER / "portkey"
    if portkey_server() is not None and all(
        (folder / path.name).read_bytes() == path.read_bytes()
        for path in (REQUIREMENTS / "portkey").iterdir()
    ):
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(REQUIREMENTS / "portkey", folder)
    npm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run(npm, "it needs Node.js 18 or newer with npm", cwd=folder)


def install_tool(name: str) -> None:
    """A program of Debian's, unpacked with what it needs and the system lacks."""
    if tool(name) is not None:
        return
    package, kept = TOOLS[name], FOLDER / "packages" / name
    mend = f"install {package} by hand, so that {name} is on the PATH"
    (kept / "partial").mkdir(parents=True, exist_ok=True)
    fetch = [
        "apt-get",
        "-qq",
        "-y",
        "-o",
        "Debug::NoLocking=1",
        "-o",
        f"Dir::Cache::archives={kept}",
    ]
    _run([*fetch, "--no-install-recommends", "--download-only", "install", package], mend)
    for archive in sorted(kept.glob("*.deb")):
        _run(["dpkg", "-x", str(archive), str(_debian())], mend)
    if tool(name) is None:
        raise NotInstalledError(f"{package} has no program {name}; {mend}")


INSTALLERS: dict[str, Callable[[], None]] = {
    **{name: partial(install_tool, name) for name in TOOLS},
    **{
        path.stem: partial(install_python, path.stem) for path in sorted(REQUIREMENTS.glob("*.txt"))
    },
    "portkey": install_portkey,
}


def main() -> None:
    """As the command line says."""
    asked = sys.argv[1:] or list(INSTALLERS)
    if unknown := [name for name in asked if name not in INSTALLERS]:
        raise SystemExit(f"no such peer: {', '.join(unknown)}; known: {', '.join(INSTALLERS)}")
    failed = 0
    for name in asked:
        sys.stdout.write(f"{name} ... ")
        sys.stdout.flush()
        try:
            INSTALLERS[name]()
            sys.stdout.write("ready\n")
        except NotInstalledError as error:
            failed += 1
            sys.stdout.write(f"left out: {error}\n")
    raise SystemExit(1 if failed else 0)


if __name__ == "__main__":
    main()
