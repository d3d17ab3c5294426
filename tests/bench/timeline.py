"""Where the time of a job goes: the product's own events beside FASHN's, on one clock."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.chaos.world import World


@dataclass(frozen=True, slots=True)
class Timeline:
    """One completed job, in seconds since the epoch. ``accepted`` to ``done`` is FASHN's own time."""

    created: float
    started: float
    submitting: float
    accepted: float
    done: float
    noticed: float
    completed: float

    @property
    def own(self) -> float:
        """FASHN's seconds."""
        return self.done - self.accepted

    @property
    def overhead(self) -> float:
        """All other seconds."""
        return self.completed - self.created - self.own

    @property
    def stages(self) -> dict[str, float]:
        """The overhead's parts in seconds."""
        return {
            "to the worker": self.submitting - self.created,
            "sending": self.accepted - self.submitting,
            "noticing": self.noticed - self.done,
            "fetching and storing": self.completed - self.noticed,
        }


def timelines(made: World, speed: float) -> list[Timeline]:
    """The completed jobs' paid calls, joined by FASHN's id. Raise KeyError where one brought no picture."""
    # FASHN's clock runs ``speed`` times as fast as ours: its times are counted back from a common moment.
    theirs = float(made.sandbox("POST", "clock", {"advance": 0})["now"])
    ours = time.time()
    calls = {call["id"]: call for call in made.sandbox("GET", "ledger")["predictions"]}

    def on_our_clock(at: str) -> float:
        return ours - (theirs - datetime.fromisoformat(at).timestamp()) / speed

    return [
        Timeline(
            created=row["created"],
            started=row["events"]["started"],
            submitting=row["events"]["submitting"],
            accepted=on_our_clock(calls[row["id"]]["createdAt"]),
            done=on_our_clock(calls[row["id"]]["completedAt"]),
            noticed=row["events"]["picture_ready"],
            completed=row["completed"],
        )
        for row in rows(made)
        if row["completed"] is not None
    ]


def rows(made: World) -> list[dict[str, Any]]:
    """The world's paid calls, by its database."""
    found: list[dict[str, Any]] = json.loads(made.run("-m", "tests.bench.rows"))
    return found
