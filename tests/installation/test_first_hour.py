"""An owner's first hour: README's chapter and compose.yaml, executed as they are written.

No container is built here: the commands of the images run as processes, with the image's variables.
PostgreSQL, Redis, nginx and OpenSSL are the distribution's. Only what the dictionaries name is replaced.
"""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser
from redis import Redis, RedisError

from tests.installation import handbook
from tests.installation.handbook import SERVICES, blocks, instead, settings_in
from tests.installation.servers import Certificate, make_certificate, nginx, run, running, wait_for
from tests.installation.visit import (
    NAME,
    PASSWORD,
    look_around,
    look_around_in_a_browser,
    make_key,
    use_the_api,
)
from tests.postgres import private_postgres
from tests.waiting import eventually
from tryon.demo.broker import LOOPBACK, PrivateRedis, free_port
from tryon.sandbox import Sandbox

# A developer's machine may be without. .ci/run installs it.
NO_NGINX: Final = pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
pytestmark = [pytest.mark.slow, NO_NGINX]

PYTHON: Final = str(Path(sys.executable).parent)
LOGIN: Final = {
    "DJANGO_SUPERUSER_USERNAME": NAME,
    "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    "DJANGO_SUPERUSER_EMAIL": "owner@example.com",
}


@pytest.fixture
def fashn() -> Iterator[Sandbox]:
    with Sandbox(speed=50) as sandbox:
        sandbox.configure(plainPictures=True)
        yield sandbox


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return make_certificate(tmp_path)


@pytest.fixture
def shell(
    tmp_path: Path, fashn: Sandbox, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """A user's bare environment, in which FASHN is the sandbox, and the certificate is trusted."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate.public))  # for the sandbox's webhooks
    (tmp_path / "home").mkdir()
    return {
        "PATH": f"{PYTHON}:{os.environ['PATH']}",
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "FASHN_API_URL": fashn.url,
        "REQUESTS_CA_BUNDLE": str(certificate.public),
    }


def tls_site(certificate: Certificate, *, port: int, web: str) -> str:
    """Return README's proxy with the places of this machine."""
    (site,) = blocks("The proxy", "nginx")
    places = {
        "listen 443 ssl": f"listen {LOOPBACK}:{port} ssl",
        "tryon.example.com": "localhost",
        "/etc/ssl/tryon.pem": str(certificate.public),
        "/etc/ssl/tryon.key": str(certificate.key),
        "127.0.0.1:8000": web,
    }
    return instead(site, places)


def command_of(service: str, places: dict[str, str]) -> list[str]:
    words = SERVICES[service].get("command") or handbook.image_command()
    return [places.get(word, word) for word in words]


def test_compose_as_written_behind_a_proxy_that_ends_tls(
    tmp_path: Path, shell: dict[str, str], fashn: Sandbox, certificate: Certificate
) -> None:
    tls, proxy, web, redis, tests = free_port(), free_port(), free_port(), free_port(), free_port()
    events = free_port()
    address = f"https://localhost:{tls}"
    (text,) = blocks("With Docker", "ini")
    answers = {"https://tryon.example.com": address, "fa-...": fashn.api_key, "PASSWORD=...": "PASSWORD=x"}
    own = settings_in(instead(text, answers))
    with ExitStack() as stack:
        database = stack.enter_context(private_postgres())
        places = {
            "postgres://tryon:${POSTGRES_PASSWORD:?set it in .env}@postgres:5432/tryon": database,
            "redis://redis:6379/0": f"redis://{LOOPBACK}:{redis}/0",
            "/data": str(tmp_path / "data"),
            "/tmp": str(tmp_path / "tmp"),  # noqa: S108  (a container's own)
            "/app/static": str(tmp_path / "static"),
            "0.0.0.0": LOOPBACK,  # noqa: S104  (what a container listens on)
            "8000": str(web),
            "8001": str(events),
            "${PUBLIC_BASE_URL:?set it in .env}": address,
            "http://sandbox:8900": f"http://{LOOPBACK}:{tests}",
            "8900": str(tests),
        }

        def environment_of(service: str) -> dict[str, str]:
            image = {name: value for name, value in handbook.image_environment().items() if name != "PATH"}
            file = own if "env_file" in SERVICES[service] else {}
            given: dict[str, Any] = {**image, **file, **SERVICES[service]["environment"]}
            return {**shell, **{name: places.get(value, value) for name, value in given.items()}}

        build = {**shell, "VAR_DIR": str(tmp_path / "build")}
        run(["sh", "-c", instead(handbook.collect_command(), {"/app/static": places["/app/static"]})], build)
        store = [*SERVICES["redis"]["command"], "--bind", LOOPBACK, "--port", str(redis)]
        stack.enter_context(running("redis", store, tmp_path, shell))
        eventually(lambda: _answers(places["redis://redis:6379/0"]))
        run(command_of("migrate", {}), environment_of("migrate"))
        for service in ("sandbox", "web", "worker", "maintenance", "cron", "events"):
            command = command_of(service, places)
            stack.enter_context(running(service, command, tmp_path, environment_of(service)))
        wait_for(f"http://{LOOPBACK}:{web}")
        assert "healthcheck" not in {**SERVICES["worker"], **SERVICES["cron"]}
        check = [word.replace(":8000", f":{web}") for word in SERVICES["web"]["healthcheck"]["test"][1:]]
        run(check, environment_of("web"))
        inner = instead(
            (handbook.ROOT / "deploy" / "nginx.conf").read_text(),
            {
                "web:8000": f"{LOOPBACK}:{web}",
                "events:8001": f"{LOOPBACK}:{events}",
                "listen 80;": f"listen {LOOPBACK}:{proxy};",
                "172.16.0.0/12": "127.0.0.0/8",  # where Docker's own address is
                "/dev/stdout": f"{tmp_path}/access.log",
                "/dev/stderr": f"{tmp_path}/error.log",
            },
        )
        stack.enter_context(nginx(tmp_path / "inner", inner))
        outer = tls_site(certificate, port=tls, web=f"{LOOPBACK}:{proxy}")
        stack.enter_context(nginx(tmp_path / "outer", outer))
        wait_for(address, verify=certificate.public)
        first = shlex.split(blocks("With Docker", "sh")[0].splitlines()[1])
        assert first[:4] == ["docker", "compose", "exec", "web"]
        run([*first[4:], "--noinput"], {**environment_of("web"), **LOGIN})
        owner = look_around(address, certificate.public, is_live=True)
        # The sandbox of test keys works at FASHN's own speed.
        key = make_key(owner, scopes=["tryon"], is_test="on")
        use_the_api(address, certificate.public, key, is_live=True)
        doctor = shlex.split(blocks("With Docker", "sh")[0].splitlines()[2])
        said = run(doctor[4:], environment_of("web"))
        assert "error" not in said, said


def test_processes_as_written_below_a_path_and_behind_two_proxies(
    tmp_path: Path, shell: dict[str, str], fashn: Sandbox, certificate: Certificate, chromium: Browser
) -> None:
    tls, inner, web = free_port(), free_port(), free_port()
    address = f"https://localhost:{tls}/tryon"
    (text,) = blocks("Without Docker", "ini")
    file = tmp_path / "tryon.env"
    with ExitStack() as stack:
        redis = stack.enter_context(PrivateRedis(tmp_path / "redis"))
        answers = {
            "https://tryon.example.com": address,
            "SECRET_KEY=...": "SECRET_KEY=" + "a long secret".replace(" ", "-") * 5,
            "fa-...": fashn.api_key,
            "postgres://tryon:password@127.0.0.1:5432/tryon": stack.enter_context(private_postgres()),
            "redis://127.0.0.1:6379/0": redis.url,
            "/var/lib/tryon": str(tmp_path / "var"),
        }
        file.write_text(f"{instead(text, answers)}TRUSTED_PROXIES=2\nDEMO_SHOP=1\n")
        here = {"/etc/tryon.env": str(file), ".venv/bin/": f"{PYTHON}/"}
        install, release = blocks("Without Docker", "sh")
        assert "requirements.lock" in install  # not run: the packages of this test are those of the lock
        run(["bash", "-euc", instead(release, here)], shell)

        def process(command: str) -> list[str]:
            return ["bash", "-c", f"set -a; . {file}; exec {command.replace('.venv/bin/', f'{PYTHON}/')}"]

        run(process(".venv/bin/python manage.py createsuperuser --noinput"), {**shell, **LOGIN})
        commands = handbook.processes()
        assert list(commands) == ["web", "worker", "maintenance", "cron", "events", "sandbox", "only"]
        for name in ("web", "worker", "maintenance", "cron"):
            command = process(commands[name])
            # Granian's own variable: on this machine port 8000 may be taken.
            environment = {**shell, "GRANIAN_PORT": str(web)}
            stack.enter_context(running(name, command, tmp_path, environment))
        wait_for(f"http://{LOOPBACK}:{web}")
        outer = instead(
            tls_site(certificate, port=tls, web=f"{LOOPBACK}:{inner}"), {"location /": "location /tryon/"}
        )
        stack.enter_context(nginx(tmp_path / "nginx", outer, a_proxy_that_appends(inner, web)))
        wait_for(address, verify=certificate.public)
        look_around(address, certificate.public)
        eventually(lambda: 200 in webhooks_answers(fashn))
        look_around_in_a_browser(chromium, address)
        (command,) = re.findall(r"`(\S+ manage.py doctor)`", handbook.section("Without Docker"))
        said = run(process(command), shell)
        assert "error" not in said, said
        wrong = {**shell, "DATABASE_URL": "postgres://tryon@127.0.0.1:9/nothing"}
        assert "DATABASE_URL" in run([f"{PYTHON}/python", "manage.py", "doctor"], wrong, code=1)


def webhooks_answers(fashn: Sandbox) -> list[int | None]:
    return [attempt["status"] for sent in fashn.ledger()["webhooks"] for attempt in sent["attempts"]]


def a_proxy_that_appends(port: int, web: int) -> str:
    """Return a second proxy that adds its own view to what the first one says, as Apache does."""
    return f"""
    server {{
        listen {LOOPBACK}:{port};
        client_max_body_size 21m;
        location / {{
            proxy_pass http://{LOOPBACK}:{web};
            proxy_set_header Host inner.example;
            proxy_set_header X-Forwarded-Host "$http_x_forwarded_host, inner.example";
            proxy_set_header X-Forwarded-Proto "$http_x_forwarded_proto, $scheme";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        }}
    }}"""


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except RedisError:
        return False
