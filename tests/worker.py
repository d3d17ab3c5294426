"""The product's worker, without the channel by which RQ sends commands to it."""

from typing import override

from tryon.worker import StepWorker


class QuietWorker(StepWorker):
    """Listening to the channel ends with a wait of 0.2 s, and the tests start a thousand workers."""

    @override
    def subscribe(self) -> None:
        """Nobody sends commands here."""

    @override
    def unsubscribe(self) -> None:
        """There is nothing to leave."""
