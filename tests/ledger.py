"""The sandbox's account of what it was asked."""

from tryon.sandbox import Sandbox


def runs(sandbox: Sandbox) -> int:
    """Return how often FASHN was asked for a picture."""
    return int(sandbox.ledger()["requests"].get("run", 0))


def credits_paid(sandbox: Sandbox) -> int:
    """Return the credits that FASHN has taken."""
    return sum(row["credits"] or 0 for row in sandbox.ledger()["predictions"])
