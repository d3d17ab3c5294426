"""The manifests of deploy/k8s: valid, in agreement with the image and the settings, and without rights."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any, Final

import kubernetes_validate
import pytest
import yaml
from django.test import Client

from tests.installation import handbook
from tests.settings_read import settings_read

FOLDER: Final = handbook.ROOT / "deploy" / "k8s"
# The oldest that is supported at the time of the release, and the newest that the package knows.
VERSIONS: Final = ("1.34", "1.37")
WITH_TABLES: Final = {"web", "worker", "maintenance", "cron"}
DEPLOYED: Final = WITH_TABLES | {"events"}


def manifests() -> list[dict[str, Any]]:
    """Return all objects, in the order of the kustomization."""
    names = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert {f"{path.name}" for path in FOLDER.glob("*.yaml")} == {*names, "kustomization.yaml"}
    return [found for name in names for found in yaml.safe_load_all((FOLDER / name).read_text())]


OBJECTS: Final = manifests()


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {found["metadata"]["name"]: found for found in OBJECTS if found["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Return the pod of each process."""
    return {
        name: found["spec"]["template"]["spec"]
        for kind in ("Deployment", "Job")
        for name, found in of_kind(kind).items()
    }


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods().items():
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            yield name, container


@pytest.mark.parametrize("version", VERSIONS)
def test_each_object_is_one_that_kubernetes_knows(version: str) -> None:
    assert {found["kind"] for found in OBJECTS} == {
        "Namespace", "ConfigMap", "Deployment", "Job", "PodDisruptionBudget", "Service", "Ingress",
    }  # fmt: skip
    for found in OBJECTS:
        kubernetes_validate.validate(found, version, strict=True)


def test_the_processes_are_those_of_compose() -> None:
    assert pods().keys() == {*DEPLOYED, "migrate"}
    for name, pod in pods().items():
        (container,) = pod["containers"]
        assert container.get("command") == handbook.SERVICES[name].get("command"), name
        waits = [list(one["command"]) for one in pod.get("initContainers", [])]
        assert waits == ([["python", "manage.py", "migrate", "--check"]] if name in WITH_TABLES else [])
    assert of_kind("Deployment")["cron"]["spec"]["replicas"] == 1
    assert of_kind("Deployment")["cron"]["spec"]["strategy"] == {"type": "Recreate"}


def test_what_ends_starts_again_and_a_new_secret_stops_all_but_the_web_and_the_live_door() -> None:
    services = yaml.safe_load((handbook.ROOT / "compose.yaml").read_text())["services"]
    assert {name for name, one in services.items() if one["restart"] != "unless-stopped"} == {"migrate"}
    assert {pods()[name].get("restartPolicy", "Always") for name in DEPLOYED} == {"Always"}
    text = (handbook.ROOT / "docs" / "operations.md").read_text()
    for command in (r"^docker compose stop (.+)$", r"^kubectl scale deployment (.+?) --namespace"):
        [names] = re.findall(command, text, re.MULTILINE)
        assert {*names.split()} == WITH_TABLES - {"web"}
    [selected] = re.findall(r"--selector 'process in \((.+?)\)'", text)
    assert {*selected.split(", ")} == WITH_TABLES - {"web"}
    [restarted] = re.findall(r"^kubectl rollout restart deployment (.+?) --namespace", text, re.MULTILINE)
    assert {*restarted.split()} == {"web", "events"}


def test_each_container_has_the_image_and_its_settings() -> None:
    (image,) = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["images"]
    release = re.search(r'^version = "(.+)"', (handbook.ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert release is not None
    assert image["newTag"] == release[1]
    for name, container in containers():
        assert container["image"] == image["name"], name
        assert container["envFrom"] == [{"configMapRef": {"name": "tryon"}}, {"secretRef": {"name": "tryon"}}]
    known = {setting.name for setting in settings_read()}
    assert of_kind("ConfigMap")["tryon"]["data"].keys() <= known


def test_no_container_has_a_right_that_it_does_not_need() -> None:
    user = int(re.findall(r"^USER (\d+)$", handbook.DOCKERFILE, re.MULTILINE)[-1])
    folders = {handbook.image_environment()["VAR_DIR"], "/tmp"}  # noqa: S108  (of the container)
    for name, pod in pods().items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == user
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert {volume["name"] for volume in pod["volumes"]} == {"data", "tmp"}
    for name, container in containers():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert {mount["mountPath"] for mount in container["volumeMounts"]} == folders
        assert container["resources"].keys() == {"requests", "limits"}


def test_each_selector_finds_its_pods() -> None:
    labels = {
        name: found["spec"]["template"]["metadata"]["labels"] for name, found in of_kind("Deployment").items()
    }
    for name, found in of_kind("Deployment").items():
        assert found["spec"]["selector"]["matchLabels"] == labels[name]
        for spread in found["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
            assert spread["labelSelector"]["matchLabels"] == labels[name]
    budgets = of_kind("PodDisruptionBudget")
    # A budget over a single pod would keep a node from being emptied.
    assert budgets.keys() == {
        name for name, found in of_kind("Deployment").items() if found["spec"]["replicas"] > 1
    }
    for name, budget in budgets.items():
        assert budget["spec"]["selector"]["matchLabels"] == labels[name]
        assert budget["spec"]["maxUnavailable"] == 1
    assert of_kind("Service")["web"]["spec"]["selector"] == labels["web"]


def test_the_way_to_the_live_door_leads_to_its_port_and_holds_no_event_back() -> None:
    (container,) = pods()["events"]["containers"]
    (port,) = container["ports"]
    assert container["command"][-1] == str(port["containerPort"])
    ingress = of_kind("Ingress")["events"]
    assert ingress["metadata"]["annotations"] == {"nginx.ingress.kubernetes.io/proxy-buffering": "off"}
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["backend"]["service"]["name"]) == ("/events/", "events")
    assert of_kind("Service")["events"]["spec"]["ports"][0]["targetPort"] == port["name"]
    assert of_kind("ConfigMap")["tryon"]["data"]["EVENTS_URL"] == f"https://{rule['host']}"


def test_the_way_to_the_web_process_leads_to_its_port_and_probes_answer(db: None, client: Client) -> None:
    (container,) = pods()["web"]["containers"]
    (port,) = container["ports"]
    assert f"EXPOSE {port['containerPort']}" in handbook.DOCKERFILE.splitlines()
    (way,) = of_kind("Service")["web"]["spec"]["ports"]
    assert way["targetPort"] == port["name"]
    (rule,) = of_kind("Ingress")["web"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"] == {"name": "web", "port": {"name": way["name"]}}
    settings = of_kind("ConfigMap")["tryon"]["data"]
    assert settings["PUBLIC_BASE_URL"] == f"https://{rule['host']}"
    assert settings["TRUSTED_PROXIES"] == "1"
    probes = [container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")]
    assert [probe["path"] for probe in probes] == ["/healthz", "/healthz", "/readyz"]
    for probe in probes:
        assert probe["port"] == port["name"]
        # The kubelet names the pod's address as the host.
        assert client.get(probe["path"], headers={"host": "10.1.2.3:8000"}).status_code == 200


# .ci/run does not install it: kubernetes-validate and our own tests check the manifests without it.
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.slow
def test_kubectl_builds_the_whole() -> None:
    built = subprocess.run(["kubectl", "kustomize", FOLDER], capture_output=True, text=True, check=True)
    objects = list(yaml.safe_load_all(built.stdout))
    assert len(objects) == len(OBJECTS)
    assert "image: tryon-studio" not in built.stdout
