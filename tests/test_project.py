"""The papers and gates of the project: what they name exists, and what they promise is checked."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(__file__).resolve().parents[1]
PAPERS = sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
HOOKS = ROOT / ".pre-commit-config.yaml"


def package_lock() -> dict[str, dict[str, Any]]:
    """Return the locked packages of the JavaScript and CSS linters."""
    packages: dict[str, dict[str, Any]] = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    return packages


def commands_of_ci() -> list[str]:
    """Return the commands of ``.ci/run`` before the first that runs tests."""
    commands = re.findall(r"^make .+$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    first_test = next(place for place, command in enumerate(commands) if command.startswith("make test"))
    return commands[:first_test]


def test_hooks_run_the_gates_of_ci() -> None:
    hooks = yaml.safe_load(HOOKS.read_text())["repos"]
    assert [repository["repo"] for repository in hooks] == ["local"]  # nothing to download at a commit
    entries = [hook["entry"] for hook in hooks[0]["hooks"]]
    assert entries == commands_of_ci()
    assert len(entries) == 2


def test_hooks_are_valid() -> None:
    program = Path(sys.executable).with_name("pre-commit")
    checked = subprocess.run([program, "validate-config", HOOKS], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    "linter", ["ruff", "mypy", "lint-imports", "hadolint", "eslint", "stylelint", "spectral"]
)
def test_lint_runs_every_linter(linter: str) -> None:
    command = ["make", "--dry-run", "lint"]
    would_run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"/{linter} ", would_run) or f"/{linter}\n" in would_run


def test_locked_web_linters_have_a_hash_and_no_registry() -> None:
    packages = {name: package for name, package in package_lock().items() if name}
    assert len(packages) > 100
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if "integrity" not in package] == []


def test_web_linters_are_pinned() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert [version for version in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
    assert package_lock()[""]["devDependencies"] == wanted


def test_license_is_the_one_that_the_metadata_name() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["license"] == "MIT"
    assert [(ROOT / name).read_text().splitlines()[0] for name in project["license-files"]] == ["MIT License"]


def test_changelog_and_schema_know_the_present_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[:2] == ["Unreleased", project["version"]]
    assert settings.SPECTACULAR_SETTINGS["VERSION"] == project["version"]


def anchors(paper: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", paper.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("paper", PAPERS)
def test_links_lead_to_files_and_headings(paper: str) -> None:
    lost = []
    for file, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", (ROOT / paper).read_text()):
        target = (ROOT / paper).parent / file if file else ROOT / paper
        if not target.exists() or (anchor and anchor not in anchors(target)):
            lost.append(f"{file}#{anchor}")
    assert lost == []


@pytest.mark.parametrize("paper", PAPERS)
def test_paths_that_are_named_exist(paper: str) -> None:
    top = "config|docs|models_library|results|templates|tests|tryon|[.]ci"
    paths = set(re.findall(rf"`((?:{top})/[\w./]*|[A-Z]+\.md|pyproject\.toml)`", (ROOT / paper).read_text()))
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_walks_name_functions_where_they_are() -> None:
    """A line of a walk in docs/architecture.md has a function or a class, and its module or package."""
    walks = "".join((ROOT / "docs" / "architecture.md").read_text().split("```")[1::2])
    steps = re.findall(r"(?<!/)\b(\w+) +((?:config|results|tryon)/[\w/]+)", walks)
    assert len(steps) > 15
    assert [step for step in steps if not is_defined(*step)] == []


def is_defined(name: str, room: str) -> bool:
    """Return whether a module, or a module of a package, defines a function or a class."""
    module = (ROOT / room).with_suffix(".py")
    files = [module] if module.exists() else (ROOT / room).rglob("*.py")
    return any(re.search(rf"^(?:def|class) {name}\b", path.read_text(), re.MULTILINE) for path in files)


def test_commands_that_contributors_are_told_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    told = set(re.findall(r"make ([a-z][a-z-]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    assert len(told) > 5
    assert told - targets == set()


def test_the_image_gets_what_its_file_copies_and_nothing_else() -> None:
    copied = re.findall(r"^COPY ([^-\s]+) ", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule.removeprefix("!") for rule in rules[1:] if rule.startswith("!")} == set(copied)


def test_base_images_have_whole_versions() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    named = [service["image"] for service in services.values() if "image" in service]
    named.append(services["web"]["build"]["args"]["PYTHON_IMAGE"])
    images = [re.fullmatch(r"\$\{\w+_IMAGE:-(\S+)\}", image)[1] for image in named]  # type: ignore[index]
    assert len(images) == 4
    assert [image for image in images if not re.search(r":\d+\.\d+(\.\d+)?-\w", image)] == []
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f"\nARG PYTHON_IMAGE={images[-1]}\n" in dockerfile
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) == {"${PYTHON_IMAGE}"}


def test_networks_keep_apart_what_need_not_meet() -> None:
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())
    services = compose["services"]
    assert compose["networks"]["inside"] == {"internal": True}
    inside = {name for name, service in services.items() if "inside" in service["networks"]}
    assert inside == services.keys() - {"proxy", "sandbox", "events"}
    assert [services[name]["networks"] for name in ("redis", "postgres")] == [["inside", "live"], ["inside"]]
    # The live door reaches Redis, and neither the database nor the world.
    assert compose["networks"]["live"] == {"internal": True}
    assert services["events"]["networks"] == ["front", "live"]
    # What fetches addresses has no secret to tell.
    assert {"env_file", "volumes"} & services["sandbox"].keys() == set()


def test_containers_have_no_rights_that_they_do_not_need() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name, service in services.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "user" in service or "build" in service, name  # the image's own user is not root
        assert service.get("read_only") or name == "postgres", name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    assert "\nUSER 10001\n" in (ROOT / "Dockerfile").read_text()
    assert "HEALTHCHECK" not in (ROOT / "Dockerfile").read_text()  # workers would inherit it
