"""Clients that other people's tools make of our schema, against a whole demo."""

import base64
import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
import requests

from tests import images
from tests.tryon.demo.test_demo import (
    PROJECT,
    Serving,
    command,
    environment,
    processes_of,
    said_until_ready,
)
from tests.waiting import LONGEST_SECONDS, eventually
from tryon.demo.broker import free_port

pytestmark = pytest.mark.slow

HERE: Final = Path(__file__).parent
NODE: Final = PROJECT / "node_modules"
TOOLS: Final = Path(sys.executable).parent
TSC: Final[list[str | Path]] = [
    *(NODE / ".bin" / "tsc", "--strict", "--skipLibCheck"),
    *("--target", "es2022", "--module", "nodenext", "--lib", "es2022,dom"),
]
NO_NODE: Final = not (NODE / ".bin" / "openapi-typescript").exists()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A demo that serves."""
    var = tmp_path_factory.mktemp("clients") / "var"
    options = ("--port", str(free_port()), "--speed", "50")
    with subprocess.Popen(
        command(var, *options), cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        yield Serving(process, var, said_until_ready(process))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LONGEST_SECONDS)
    assert processes_of(var) == {}


@pytest.fixture
def demo(serving: Serving) -> dict[str, str]:
    """The demo's address and key. It is not paused: a machine may have tried that."""
    headers = {"Authorization": f"Api-Key {serving.handout['apiKey']}"}
    address = f"{serving.handout['url']}/api/tryon/stats/resume"
    assert requests.post(address, headers=headers, timeout=LONGEST_SECONDS).status_code == 200
    return serving.handout


@pytest.fixture(scope="module")
def schema(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The schema as it is served, in a file."""
    path = tmp_path_factory.mktemp("schema") / "schema.json"
    served = requests.get(
        f"{serving.handout['url']}/api/schema",
        headers={"Accept": "application/json"},
        timeout=LONGEST_SECONDS,
    )
    path.write_text(served.text)
    return path


def run(*words: str | Path, folder: Path, **variables: str) -> str:
    """Return what a program says. Fail with it if the program fails."""
    ended = subprocess.run(
        words,
        cwd=folder,
        env={**environment(), **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_generated_python_client_makes_a_try_on(
    demo: dict[str, str], schema: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = TOOLS / "openapi-python-client"
    said = run(
        generator, "generate", "--path", schema, "--meta", "none", "--output-path", "studio", folder=tmp_path
    )
    assert "WARNING" not in said.upper(), said
    monkeypatch.syspath_prepend(tmp_path)

    def ask(operation: str, *ids: Any, **fields: Any) -> Any:
        """Return the parsed answer of an operation."""
        answer = import_module(f"studio.api.{operation}").sync_detailed(*ids, client=client, **fields)
        assert answer.parsed is not None or answer.status_code == 204, answer
        return answer.parsed

    models: Any = import_module("studio.models")
    types: Any = import_module("studio.types")
    client = import_module("studio.client").AuthenticatedClient(
        base_url=demo["url"], token=demo["apiKey"], prefix="Api-Key"
    )
    with client:
        file = types.File(payload=images.garment_photo(), file_name="garment.jpg", mime_type="image/jpeg")
        upload = ask("uploads.upload", body=models.UploadRequest(file=file, product_id="SKU-PY")).data
        category = models.ModelCategory.FULL_BODY
        model = ask("models.list_models", category=category).data[0]
        wanted = models.GenerateRequest(product_image_id=upload.id, model_image_id=model.id)
        asked = ask("jobs.generate", body=wanted).data
        assert asked.status == models.JobStatus.QUEUED

        def ended() -> Any:
            job = ask("jobs.get_job", asked.job_id).data
            return job if job.status == models.JobStatus.COMPLETED else None

        job = eventually(ended)
        assert (job.product_id, job.result_state, job.test) == (
            "SKU-PY",
            models.ResultStateEnum.AVAILABLE,
            True,
        )
        result = ask("results.get_result", job.result_id).data
        assert requests.get(result.image_url, timeout=LONGEST_SECONDS).content[:4] == b"\x89PNG"
        assert ask(
            "results.give_feedback",
            job.result_id,
            body=models.GiveFeedbackRequest(verdict=models.VerdictEnum.YES),
        ).data
        ask("uploads.delete_upload", upload.id)
        refused = ask("uploads.get_upload", UUID(int=0))
        assert refused.error.code == models.ErrorCode.PRODUCT_IMAGE_NOT_FOUND


# A developer's machine may be without. .ci/run installs them before the tests.
@pytest.mark.skipif(NO_NODE, reason="make lint-web installs the generator of TypeScript")
def test_a_generated_typescript_client_makes_a_try_on(
    demo: dict[str, str], schema: Path, tmp_path: Path
) -> None:
    (tmp_path / "node_modules").symlink_to(NODE)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    shutil.copy(HERE / "tryon.ts", tmp_path)
    run(NODE / ".bin" / "openapi-typescript", schema, "--output", "schema.d.ts", folder=tmp_path)
    run(*TSC, "tryon.ts", folder=tmp_path)
    photo = base64.b64encode(images.garment_photo(seed=3)).decode()
    assert json.loads(run("node", "tryon.js", demo["url"], demo["apiKey"], photo, folder=tmp_path)) == {
        "asked": [202, "queued", True],
        "end": ["completed", "available", "SKU-TS", True],
        "erased": [204, "deleted", "product_image_not_found"],
    }


# A developer's machine may be without. .ci/run installs it before the tests.
NEEDS_TSC: Final = pytest.mark.skipif(NO_NODE, reason="make lint-web installs the compiler of TypeScript")


@pytest.mark.parametrize(
    "quick_start", ["curl.md", "python.md", pytest.param("typescript.md", marks=NEEDS_TSC)]
)
def test_a_quick_start_makes_a_try_on(demo: dict[str, str], tmp_path: Path, quick_start: str) -> None:
    text = (PROJECT / "docs" / "storefront" / quick_start).read_text()
    [(language, code)] = re.findall(r"```(sh|python|ts)\n(.*?)```", text, re.DOTALL)
    assert len(code.splitlines()) < 40
    (tmp_path / "garment.jpg").write_bytes(images.garment_photo(seed=len(quick_start)))
    shop = {"STUDIO": demo["url"], "KEY": demo["apiKey"]}
    if language == "sh":
        said = run("bash", "-euo", "pipefail", "-c", code, folder=tmp_path, **shop)
    elif language == "python":
        said = run(sys.executable, "-c", code, folder=tmp_path, **shop)
    else:
        (tmp_path / "node_modules").symlink_to(NODE)
        (tmp_path / "package.json").write_text('{"type": "module"}')
        (tmp_path / "shop.ts").write_text(code)
        run(*TSC, "--types", "node", "shop.ts", folder=tmp_path)
        said = run("node", "shop.js", folder=tmp_path, **shop)
    assert said.strip() == "Made with AI"
    assert (tmp_path / "picture.png").read_bytes()[:4] == b"\x89PNG"


def test_a_machine_that_tries_everything_finds_only_documented_answers(
    demo: dict[str, str], schema: Path, tmp_path: Path
) -> None:
    """Valid and invalid requests to every operation, alone and one after another: the same in each run."""
    key = f"Authorization: Api-Key {demo['apiKey']}"
    found = subprocess.run(
        [
            *(TOOLS / "schemathesis", "--config-file", HERE / "schemathesis.toml", "run", schema),
            *("--url", demo["url"], "--header", key, "--max-examples", "3"),
            *("--generation-deterministic", "--no-color", "--continue-on-failure"),
        ],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stdout + found.stderr
    paths = json.loads(schema.read_text())["paths"].values()
    assert f"Tested: {sum(len(path) for path in paths)}\n" in found.stdout
