"""Where to go and what to log in with, as ``VAR/demo.json``."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from config.shops.texts import key_text

FILE_NAME: Final = "demo.json"


@dataclass(frozen=True, slots=True)
class Handout:
    """Addresses have no slash at the end."""

    url: str
    api_key: str
    admin_user: str
    admin_password: str
    sandbox_url: str
    sandbox_key: str
    test_api_key: str
    test_sandbox_url: str
    events_url: str

    def to_json(self) -> dict[str, str]:
        """The fields under the names that ``demo.json`` uses."""
        return {
            "url": self.url,
            "apiKey": self.api_key,
            "adminUser": self.admin_user,
            "adminPassword": self.admin_password,
            "sandboxUrl": self.sandbox_url,
            "sandboxKey": self.sandbox_key,
            "testApiKey": self.test_api_key,
            "testSandboxUrl": self.test_sandbox_url,
            "eventsUrl": self.events_url,
        }


def handout_for(
    var: Path, *, url: str, sandbox_url: str, test_sandbox_url: str = "", events_url: str = ""
) -> Handout:
    """The handout for these addresses, with the keys and password of an earlier start in ``var``, if any."""
    kept = _kept(var)
    return Handout(
        url=url,
        api_key=kept.get("apiKey") or key_text(is_test=False),
        admin_user="admin",
        admin_password=kept.get("adminPassword") or secrets.token_urlsafe(12),
        sandbox_url=sandbox_url,
        sandbox_key=kept.get("sandboxKey") or "sandbox-" + secrets.token_urlsafe(24),
        test_api_key=kept.get("testApiKey") or key_text(is_test=True),
        test_sandbox_url=test_sandbox_url,
        events_url=events_url,
    )


def write(handout: Handout, var: Path) -> Path:
    """Write ``demo.json``, readable by its owner alone; nobody ever reads half of it. Raise OSError."""
    draft = var / f"{FILE_NAME}.new"
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(handout.to_json(), indent=2) + "\n")
    return draft.replace(var / FILE_NAME)


def _kept(var: Path) -> dict[str, str]:
    try:
        values: Any = json.loads((var / FILE_NAME).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if isinstance(value, str)}
