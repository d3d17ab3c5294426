"""Ask public advisories about all locked packages: ``make audit``.

It ends with 1 where a package has a known weakness, or where the source knows some packages and not others.
Where no source of advisories can be reached, it says so and ends with 0. pip-audit calls that "No known
vulnerabilities found".
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = "requirements-dev.lock"  # it has the packages of requirements.lock too
SECONDS: Final = 120
# The linters run on our own files only, so that a lesser weakness of theirs waits for its update.
SERIOUS: Final = ("high", "critical")
# Advisories that do not concern this service: the id, and why.
ACCEPTED: Final[Mapping[str, str]] = {}

type Run = Callable[[Sequence[str]], str]


@dataclass(frozen=True, slots=True)
class Audit:
    """The outcome for the packages of one registry: how many were asked about, and what was found."""

    asked: int = 0
    weak: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unreachable: str = ""

    @property
    def is_good(self) -> bool:
        """Return whether nothing is to be done, or nothing could be asked."""
        return not self.weak and (bool(self.unreachable) or not self.unknown)

    @property
    def sentence(self) -> str:
        """Return the outcome in words."""
        if self.unreachable:
            return f"NOT AUDITED: no source of advisories can be reached from here ({self.unreachable})."
        if self.weak or self.unknown:
            unknown = [f"{name}: unknown to the source" for name in self.unknown]
            return "; ".join([*self.weak, *unknown])
        return f"{self.asked} packages, and no known weakness."


def run(command: Sequence[str]) -> str:
    """Return what a command prints, whatever its end; nothing for one that is missing or takes too long."""
    try:
        ended = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout


def audit_python(run: Run = run) -> Audit:
    """Ask about the packages of the lock file: about one first, because a source may be out of reach."""
    program = str(Path(sys.executable).with_name("pip-audit"))
    command = [program, "--disable-pip", "--format", "json", "--progress-spinner", "off"]
    pins = re.findall(r"^\S+==\S+", (ROOT / LOCK).read_text(), re.MULTILINE)
    with NamedTemporaryFile("w", suffix=".txt") as first:
        first.write(pins[0])
        first.flush()
        tried = judged(run([*command, "--no-deps", "-r", first.name]))
    return tried if tried.unreachable else judged(run([*command, "--require-hashes", "-r", LOCK]))


def judged(text: str) -> Audit:
    """Return the outcome that pip-audit has printed."""
    answer = parsed(text)
    packages: list[dict[str, Any]] = answer.get("dependencies", [])
    unknown = tuple(package["name"] for package in packages if "skip_reason" in package)
    if len(unknown) == len(packages):
        reason = packages[0]["skip_reason"] if packages else "pip-audit gave no answer"
        return Audit(unreachable=reason)
    weak = tuple(
        f"{package['name']} {package['version']}: {flaw['id']}"
        for package in packages
        for flaw in package.get("vulns", [])
        if flaw["id"] not in ACCEPTED
    )
    return Audit(len(packages), weak, unknown)


def audit_node(run: Run = run) -> Audit:
    """Ask about the packages of the linters of JavaScript, CSS, the schema and compose.yaml."""
    answer = parsed(run(["npm", "audit", "--json"]))
    if "metadata" not in answer:
        return Audit(unreachable=answer.get("message", "npm gave no answer"))
    flaws: Mapping[str, Any] = answer["vulnerabilities"]
    weak = [f"{name}: {flaw['severity']}" for name, flaw in flaws.items() if flaw["severity"] in SERIOUS]
    return Audit(answer["metadata"]["dependencies"]["total"], tuple(weak))


def parsed(text: str) -> dict[str, Any]:
    """Return a JSON object, empty for any other text."""
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def main() -> int:
    """Print both outcomes. Return the exit code."""
    audits = {"Python": audit_python(), "Node.js": audit_node()}
    for name, audit in audits.items():
        sys.stdout.write(f"{name}: {audit.sentence}\n")
    return 0 if all(audit.is_good for audit in audits.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
