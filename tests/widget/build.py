"""Put the widget together from its parts: ``make widget`` (needs Node.js).

One file has one hash, and is one request. The parts are modules with names of their own, so that they stand
one after another without their imports. terser makes them small. The outcome is in the repository: who
changes Python needs no Node.js.
"""

import base64
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
WIDGET: Final = ROOT / "templates" / "static" / "widget"
TERSER: Final = ROOT / "node_modules" / ".bin" / "terser"
ENTRY: Final = WIDGET / "src" / "tryon.js"
TYPES: Final = WIDGET / "src" / "tryon.d.ts"
# Of each version, the hash that a page names in ``integrity``, and that of its parts. One that is out never
# changes.
VERSIONS: Final = WIDGET / "versions.json"
GUIDE: Final = ROOT / "docs" / "storefront" / "widget.md"
# A commit with a new heading of a version in the changelog is a release. The first of a clone has all of
# them.
RELEASE: Final = (
    "log", "-1", "--min-parents=1", "--format=%H", r"-G^## \[[0-9]", "--", "CHANGELOG.md",
)  # fmt: skip

IMPORT: Final = re.compile(r'^import .* from "\./([\w.]+)".*;\n', re.MULTILINE)


def version() -> str:
    """Return the version that the source has."""
    found = re.search(r'static version = "(\d+\.\d+\.\d+)"', ENTRY.read_text())
    assert found is not None
    return found[1]


def parts(name: str = ENTRY.name) -> list[str]:
    """Return the names of the files that make the widget, each behind those that it imports."""
    found: list[str] = []
    for needed in IMPORT.findall((ENTRY.parent / name).read_text()):
        found += [part for part in parts(needed) if part not in found]
    return [*found, name]


def script(name: str) -> str:
    """Return a module without its imports and exports."""
    return IMPORT.sub("", (ENTRY.parent / name).read_text()).replace("\nexport ", "\n")


def sheet(name: str) -> str:
    """Return a style sheet as the script that makes it: no policy of a page has to allow it."""
    text = re.sub(r"/\*.*?\*/", "", (ENTRY.parent / name).read_text(), flags=re.DOTALL)
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ?([{};,]) ?", r"\1", text).replace(";}", "}").replace(": ", ":").strip()
    return f"const styles = new CSSStyleSheet();\nstyles.replaceSync({json.dumps(text, ensure_ascii=False)});"


def whole() -> str:
    """Return the parts in one file, as people have written them."""
    return "\n".join(sheet(part) if part.endswith(".css") else script(part) for part in parts())


def built() -> str:
    """Return the widget as it is served. Raise CalledProcessError."""
    command = [str(TERSER), "--module", "--compress", "passes=3", "--mangle", "--ecma", "2022"]
    small = subprocess.run(command, input=whole(), capture_output=True, text=True, check=True).stdout
    return f"// Try-On Studio, <try-on> {version()}. MIT license.\n{small}\n"


def integrity(text: str) -> str:
    """Return the value of the attribute ``integrity``."""
    return f"sha384-{base64.b64encode(hashlib.sha384(text.encode()).digest()).decode()}"


def known() -> dict[str, dict[str, str]]:
    """Return the versions that are there."""
    versions: dict[str, dict[str, str]] = json.loads(VERSIONS.read_text()) if VERSIONS.exists() else {}
    return versions


def released(root: Path = ROOT) -> dict[str, dict[str, str]]:
    """Return the versions that the last release has, none where a clone does not reach so far."""
    release = _git(root, *RELEASE)
    kept = release and _git(root, "show", f"{release}:./{VERSIONS.relative_to(ROOT)}")
    versions: dict[str, dict[str, str]] = json.loads(kept) if kept else {}
    return versions


def changed_after_release(now: dict[str, dict[str, str]]) -> list[str]:
    """Return the versions that are out and are not what they were."""
    return [
        name for name, facts in released().items() if now.get(name, {}).get("integrity") != facts["integrity"]
    ]


def _git(root: Path, *command: str) -> str:
    done = subprocess.run(["git", *command], cwd=root, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def guide(value: str) -> str:
    """Return the guide with the present version and its hash."""
    text = re.sub(r"/v\d+\.\d+\.\d+/", f"/v{version()}/", GUIDE.read_text())
    return re.sub(r"sha384-[\w+/=]+", value, text)


def files() -> dict[Path, str]:
    """Return what ``make widget`` writes: the moving version, the present one, and their hash."""
    text, major = built(), version().partition(".")[0]
    places = [WIDGET / f"v{number}" for number in (major, version())]
    entry = {"integrity": integrity(text), "parts": integrity(whole() + TYPES.read_text())}
    return {
        **{place / "tryon.js": text for place in places},
        **{place / "tryon.d.ts": TYPES.read_text() for place in places},
        GUIDE: guide(entry["integrity"]),
        VERSIONS: json.dumps(known() | {version(): entry}, indent=2) + "\n",
    }


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` say which are not what the parts make."""
    made = files()
    if changed := changed_after_release(json.loads(made[VERSIONS])):
        sys.stderr.write(
            f"Version {', '.join(changed)} of the widget is released and never changes: pages name its hash."
            f" Raise the version in {ENTRY.relative_to(ROOT)}.\n"
        )
        return 1
    stale = {path: text for path, text in made.items() if not path.exists() or path.read_text() != text}
    if "--check" in arguments and stale:
        sys.stderr.write(
            f"Run make widget: {', '.join(path.name for path in stale)} of the widget are old.\n"
        )
        return 1
    for path, text in stale.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
