"""Draw the states of jobs and predictions into the docs, from the engine's own table."""

from pathlib import Path
from typing import Any, Final, override

from django.conf import settings
from django.core.management.base import BaseCommand

from tryon.engine.lifecycle import JobEdge, PredictionEdge, state_diagram

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
        before, opening, rest = text.partition(f"<!-- {name} -->")
        _old, closing, after = rest.partition("<!-- end -->")
        text = f"{before}{opening}\n```mermaid\n{state_diagram(edges)}\n```\n{closing}{after}"
    return text
