"""docs/scaling.md, executed: its arithmetic, its commands and its configurations."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from django.conf import settings
from django.test import Client
from pytest_django import Settings
from redis import RedisError
from redis.sentinel import Sentinel

from config.core.http.gate import rooms
from config.core.redis.addresses import connect, sentinel_address
from config.core.storage import KINDS
from config.core.upkeep.installation import PREFIX
from tests import s3
from tests.installation import handbook
from tests.installation.handbook import instead, page_blocks, section
from tests.installation.servers import running
from tests.settings_read import settings_read
from tests.waiting import eventually
from tryon.demo.broker import LOOPBACK, PrivateRedis, find_server, free_port
from tryon.fashn.inputs import TRYON_MAX, TRYON_V16

PAGE: Final = "docs/scaling.md"
K8S: Final = handbook.ROOT / "deploy" / "k8s"
SIZES: Final = "From the size of the shop to machines and credits"
FIGURES: Final = ("credits a month", "pictures a minute", "slots", "accounts", "machines")


def arithmetic() -> Any:
    """Return the function of the page's arithmetic."""
    (code,) = page_blocks(PAGE, SIZES, "python")
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  (the page's own words)
    return names["plan"]


def test_the_table_of_sizes_is_what_the_arithmetic_gives() -> None:
    plan = arithmetic()
    rows = re.findall(r"^\| ([\d,]+) \|(.+)\|$", section(SIZES, page=PAGE), re.MULTILINE)
    assert len(rows) > 5
    for tryons, told in rows:
        figures = plan(int(tryons.replace(",", "")))
        assert [one.strip() for one in told.split("|")] == [f"{figures[name]:,}" for name in FIGURES], tryons
    assert plan(2_000, seconds=25, credits=2)["credits a month"] == 2 * plan(2_000)["credits a month"]


def test_the_arithmetic_begins_with_the_limits_and_prices_of_the_product() -> None:
    given = arithmetic().__kwdefaults__
    assert (given["slots"], given["runs"]) == (settings.QUEUE_CONCURRENCY, settings.FASHN_RUN_CALLS)
    balanced, large = TRYON_V16.figures[None, "balanced"], TRYON_MAX.figures["1k", "balanced"]
    assert (given["seconds"], given["credits"]) == (balanced.seconds, balanced.credits)
    assert f"takes {large.seconds:g} s and {large.credits} credits" in (handbook.ROOT / PAGE).read_text()


def test_the_connections_that_the_page_counts_are_those_of_the_threads() -> None:
    others = sum(value for name, value in vars(rooms).items() if name.endswith("_THREADS"))
    assert f"keeps up to {settings.WEB_THREADS + others}, a worker 2" in (handbook.ROOT / PAGE).read_text()


@pytest.mark.slow
def test_the_rules_of_the_bucket_are_taken_by_a_store(tmp_path: Path) -> None:
    (rules,) = page_blocks(PAGE, "The bucket as a second net", "json")
    (command,) = page_blocks(PAGE, "The bucket as a second net", "sh")
    wanted = json.loads(rules)
    prefixes = [rule["Filter"]["Prefix"] for rule in wanted["Rules"] if "Expiration" in rule]
    assert all(prefix.startswith(PREFIX) and prefix.split("/")[1] in KINDS for prefix in prefixes)
    days = {rule["ID"]: rule["Expiration"]["Days"] for rule in wanted["Rules"] if "Expiration" in rule}
    assert days["results"] > settings.RESULT_TTL_DAYS
    assert days["shoppers"] * 24 > settings.SHOPPER_PHOTO_TTL_HOURS
    (tmp_path / "lifecycle.json").write_text(rules)
    with s3.s3_server() as endpoint:
        bucket = s3.new_bucket(endpoint)
        places = {"tryon-pictures": bucket, ".venv/bin/python": sys.executable}
        store = {
            "AWS_ENDPOINT_URL_S3": endpoint,
            "AWS_ACCESS_KEY_ID": s3.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": s3.SECRET_KEY,
            "AWS_DEFAULT_REGION": s3.REGION,
        }
        subprocess.run(
            ["sh", "-c", instead(command, places)], cwd=tmp_path, env={**os.environ, **store}, check=True
        )
        kept = s3.client_for(endpoint).get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert [rule["ID"] for rule in kept] == [rule["ID"] for rule in wanted["Rules"]]


@pytest.mark.slow
def test_the_sentinel_and_its_address_lead_to_the_primary(tmp_path: Path) -> None:
    lines, address = page_blocks(PAGE, "Redis that fails over", "ini")
    name, _, url = address.strip().partition("=")
    assert name == "REDIS_URL"
    assert len(sentinel_address(url).hosts) == 3
    watcher = free_port()
    with PrivateRedis(tmp_path / "redis") as primary:
        password, port = primary.url.split(":")[2].split("@")[0], primary.url.rsplit(":", 1)[1].split("/")[0]
        (tmp_path / "sentinel.conf").write_text(
            f"bind {LOOPBACK}\nport {watcher}\n"
            + instead(
                lines, {"10.0.0.11 6379 2": f"{LOOPBACK} {port} 1", "shop password": f"shop {password}"}
            )
        )
        command = [str(find_server()), str(tmp_path / "sentinel.conf"), "--sentinel"]
        with running("sentinel", command, tmp_path, {"PATH": os.environ["PATH"]}):
            places = instead(url, {":password@": f":{password}@", "10.0.0.11:26379": f"{LOOPBACK}:{watcher}"})
            watch = Sentinel([(LOOPBACK, watcher)])  # type: ignore[no-untyped-call]
            eventually(lambda: _known(watch))
            with connect(re.sub(r",10\.0\.0\.1\d:26379", "", places)) as client:
                assert client.ping()


def _known(watch: Any) -> bool:
    try:
        return bool(watch.discover_master("shop"))
    except RedisError:
        return False


def test_keda_asks_for_metrics_that_exist_and_scales_a_deployment_that_exists(
    db: None, client: Client, settings: Settings
) -> None:
    settings.METRICS_TOKEN = "a-token-of-the-test"
    (text,) = page_blocks(PAGE, "Kubernetes", "yaml")
    scaled = yaml.safe_load(text)
    target = yaml.safe_load_all((K8S / "worker.yaml").read_text())
    assert scaled["spec"]["scaleTargetRef"]["name"] == next(target)["metadata"]["name"]
    (trigger,) = scaled["spec"]["triggers"]
    asked = set(re.findall(r"tryon_\w+", trigger["metadata"]["query"]))
    answer = client.get("/metrics", headers={"authorization": "Bearer a-token-of-the-test"})
    scraped = answer.content.decode()
    assert asked
    assert [name for name in asked if f"# TYPE {name} " not in scraped] == []


def test_the_commands_for_kubernetes_name_what_is_there() -> None:
    commands = " ".join(page_blocks(PAGE, "Kubernetes", "sh")).replace("\\\n", " ").splitlines()
    words = [shlex.split(line) for line in commands if line.strip()]
    assert {line[0] for line in words} == {"kubectl"}
    manifests = yaml.safe_load_all("\n---\n".join(path.read_text() for path in K8S.glob("*.yaml")))
    names = {(found["kind"], found.get("metadata", {}).get("name")) for found in manifests}
    for line in words:
        if line[1] == "apply":
            assert (handbook.ROOT / line[3] / "kustomization.yaml").is_file()
        elif line[1] == "scale":
            wanted = line[3 : line.index("--namespace")]
            assert all(("Deployment", name) in names for name in wanted)
        elif line[1] == "rollout":
            assert ("Deployment", line[4]) in names
        elif line[1] == "delete":
            assert ("Job", line[3]) in names
        else:
            assert line[1:5] == ["create", "secret", "generic", "tryon"]


@pytest.mark.slow
# .ci/run does not install it: kubernetes-validate and our own tests check the manifests without it.
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_the_secret_has_settings_that_the_product_reads() -> None:
    command = page_blocks(PAGE, "Kubernetes", "sh")[0].strip()
    script = instead(command, {"python3 ": f"{sys.executable} "}) + " --dry-run=client --output=yaml"
    made = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert yaml.safe_load(made.stdout)["data"].keys() <= {setting.name for setting in settings_read()}
