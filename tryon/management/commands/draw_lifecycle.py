"""Draw the states of jobs and predictions into the documents, from the table that the engine obeys."""

import re
from pathlib import Path
from typing import Any, Final, override

from django.conf import settings
from django.core.management.base import BaseCommand

from tryon.engine.lifecycle import JobEdge, PredictionEdge
from tryon.engine.lifecycle.diagram import state_diagram

PAGE: Final = Path(settings.BASE_DIR) / "docs" / "operations.md"
DIAGRAMS: Final = {"job": JobEdge, "prediction": PredictionEdge}


class Command(BaseCommand):
    help = "Write the state diagrams into docs/operations.md."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        PAGE.write_text(drawn(PAGE.read_text()))


def drawn(text: str) -> str:
    """Return the page with each diagram between its two markers."""
    for name, edges in DIAGRAMS.items():
        block = f"<!-- {name} -->\n```mermaid\n{state_diagram(edges)}\n```\n<!-- end -->"
        text = re.sub(rf"<!-- {name} -->.*?<!-- end -->", lambda _, block=block: block, text, flags=re.DOTALL)
    return text
