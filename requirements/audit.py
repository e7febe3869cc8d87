"""Lists what a running gateway is made of, and asks whether any of it has a known hole.

    python requirements/audit.py [--out build/sbom.json] [--pip-audit PROGRAM] [--strict]

The list (name, version, licence; as CycloneDX 1.6 in JSON) is made from `requirements/runtime.txt`
and what is installed, without a network. Known holes are asked for with pip-audit, which needs its
advisory service; where that cannot be reached the audit is marked "not run", and with `--strict`
that is a failure. Exit 0: nothing found; 1: a hole, or a package without a known licence; 3: not
run, with `--strict`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
RUNTIME = ROOT / "requirements" / "runtime.txt"
SBOM = ROOT / "build" / "sbom.json"
PRODUCT = "zeta-router"
NOT_RUN = 3
AUDIT_S = 180.0
"""How long pip-audit may take; its service is asked once for each package."""

_CLASSIFIER = "License :: OSI Approved :: "


@dataclass(frozen=True, slots=True)
class Package:
    """One installed package.

    Attributes:
        licence: SPDX expression, or the name its maker gives; empty where there is none.
        needs: Names of the runtime packages that it needs.
    """

    name: str
    version: str
    licence: str
    needs: tuple[str, ...]

    @property
    def purl(self) -> str:
        """The name by which advisories know it."""
        return f"pkg:pypi/{self.name}@{self.version}"


def pinned(text: str) -> dict[str, str]:
    """Name to version of what a requirement file pins for this platform and this Python."""
    found = {}
    for line in text.splitlines():
        if not re.match(r"[A-Za-z0-9]", line):
            continue
        requirement = Requirement(line.partition("\\")[0].strip())
        if requirement.marker is None or requirement.marker.evaluate():
            (pin,) = requirement.specifier
            found[canonicalize_name(requirement.name)] = pin.version
    return found


def packages(pins: dict[str, str]) -> list[Package]:
    """Each pinned package as it is installed.

    Raises:
        SystemExit: One is not installed, or in another version.
    """
    found = []
    for name, version in sorted(pins.items()):
        try:
            installed = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            sys.exit(f"{name} is not installed: make setup")
        if installed.version != version:
            sys.exit(f"{name} is installed as {installed.version}, not {version}: make setup")
        found.append(Package(name, version, _licence(installed), tuple(_needs(installed, pins))))
    return found


def _licence(installed: metadata.Distribution) -> str:
    about = installed.metadata
    if expression := about.get("License-Expression"):
        return expression
    named = [c for c in about.get_all("Classifier") or [] if c.startswith(_CLASSIFIER)]
    if named:
        return ", ".join(c.removeprefix(_CLASSIFIER) for c in named)
    text = (about.get("License") or "").strip()
    return text.splitlines()[0] if text else ""


def _needs(installed: metadata.Distribution, pins: dict[str, str]) -> Iterator[str]:
    for line in installed.requires or []:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        if name in pins and (requirement.marker is None or requirement.marker.evaluate()):
            yield name


def sbom(found: Sequence[Package], version: str) -> dict[str, object]:
    """The packages as CycloneDX 1.6; the same packages give the same document."""
    product = f"pkg:pypi/{PRODUCT}@{version}"
    of_name = {package.name: package.purl for package in found}
    direct = sorted(of_name[name] for name in _needs(metadata.distribution(PRODUCT), of_name))
    graph = [{"ref": product, "dependsOn": direct}]
    graph += [
        {"ref": p.purl, "dependsOn": sorted({of_name[name] for name in p.needs})} for p in found
    ]
    serial = uuid.uuid5(uuid.NAMESPACE_URL, " ".join([product, *of_name.values()]))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": product,
                "name": PRODUCT,
                "version": version,
                "purl": product,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            }
        },
        "components": [_component(package) for package in found],
        "dependencies": graph,
    }


def _component(package: Package) -> dict[str, object]:
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "purl": package.purl,
        "licenses": [{"license": {"name": package.licence}}] if package.licence else [],
    }


def asked(program: str, strict: bool) -> int:
    """What pip-audit says of the runtime set: 0, 1 for holes, or `NOT_RUN`."""
    command = [program, "--requirement", str(RUNTIME), "--disable-pip", "--require-hashes"]
    try:
        done = subprocess.run(  # noqa: S603 - a program that the Makefile installed
            [*command, "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=AUDIT_S,
            check=False,
        )
        said, code = done.stdout + done.stderr, done.returncode
    except (OSError, subprocess.TimeoutExpired) as error:
        said, code = str(error), -1
    verdict, run = judged(code, said)
    sys.stdout.write(f"audit: {verdict}\n")
    return (0 if code == 0 else 1) if run else (NOT_RUN if strict else 0)


def judged(code: int, said: str) -> tuple[str, bool]:
    """What to print of pip-audit's words, and whether every package was asked for.

    pip-audit calls it no problem when its service knows none of the packages.
    """
    if code == 1 and "Found " in said:
        return said.strip(), True
    missed = said.count("could not be audited")
    if code == 0 and not missed:
        return said.strip(), True
    if missed:
        return f"NOT RUN for {missed} packages: the advisory service does not know them", False
    last = said.strip().splitlines()[-1:] or ["no word"]
    return f"NOT RUN: the advisory service gave no answer ({last[0][:200]})", False


def main() -> int:
    """Write the list, print it, and ask about it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=SBOM)
    parser.add_argument("--pip-audit", help="program to ask with; without it nothing is asked")
    parser.add_argument("--strict", action="store_true", help="fail where the audit was not run")
    given = parser.parse_args()
    found = packages(pinned(RUNTIME.read_text(encoding="utf-8")))
    given.out.parent.mkdir(parents=True, exist_ok=True)
    document = sbom(found, metadata.version(PRODUCT))
    given.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    for package in found:
        sys.stdout.write(f"{package.name:20} {package.version:12} {package.licence or 'UNKNOWN'}\n")
    sys.stdout.write(f"{len(found)} runtime packages; {given.out} written\n")
    unknown = 0 if all(package.licence for package in found) else 1
    return max(unknown, asked(given.pip_audit, given.strict) if given.pip_audit else 0)


if __name__ == "__main__":
    sys.exit(main())
