"""``make audit`` tells a weak package, and never calls well what nobody has looked at."""

import json
from typing import Any

import pytest

from tests.audit import Audit, audit_node, audit_python

GOOD = {"name": "django", "version": "6.1", "vulns": []}
WEAK = {"name": "pillow", "version": "9.0", "vulns": [{"id": "CVE-2023-4863"}]}
SKIPPED = {"name": "redis", "skip_reason": "Dependency not found"}


@pytest.mark.parametrize(
    ("packages", "audit", "is_good"),
    [
        ([GOOD], Audit(1), True),
        ([GOOD, WEAK], Audit(2, ("pillow 9.0: CVE-2023-4863",)), False),
        ([SKIPPED], Audit(unreachable="Dependency not found"), True),
        ([GOOD, SKIPPED], Audit(2, unknown=("redis",)), False),
        ([], Audit(unreachable="pip-audit gave no answer"), True),
    ],
)
def test_python_packages(packages: list[dict[str, Any]], audit: Audit, is_good: bool) -> None:
    found = audit_python(lambda _command: json.dumps({"dependencies": packages}))
    assert found == audit
    assert found.is_good == is_good
    assert ("NOT AUDITED" in found.sentence) == bool(audit.unreachable)


@pytest.mark.parametrize(
    ("answer", "audit"),
    [
        (
            {"message": "405 Method Not Allowed", "statusCode": 405},
            Audit(unreachable="405 Method Not Allowed"),
        ),
        (
            {
                "vulnerabilities": {"lodash": {"severity": "high"}, "yargs": {"severity": "low"}},
                "metadata": {"dependencies": {"total": 450}},
            },
            Audit(450, ("lodash: high",)),
        ),
        (None, Audit(unreachable="npm gave no answer")),
    ],
)
def test_node_packages(answer: object, audit: Audit) -> None:
    assert audit_node(lambda _command: json.dumps(answer)) == audit
