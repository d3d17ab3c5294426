"""A local server that speaks FASHN's protocol, for the demo, for tests, and for trying out failure.

``with Sandbox(speed=50) as sandbox:`` serves at ``sandbox.url`` with the key ``sandbox.api_key``.
Its switches and faults are listed in docs/sandbox.md.
"""

from .errors import Refusal
from .sandbox import DEFAULT_CREDITS, DEFAULT_KEY, Sandbox

__all__ = ["DEFAULT_CREDITS", "DEFAULT_KEY", "Refusal", "Sandbox"]
