"""The sandbox as one object: started by the command, and by tests."""

import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from .account import Account
from .clock import Clock
from .console import PREFIX, Console
from .faults import Fault, FaultQueue, from_json
from .ledger import Ledger
from .lifecycle import Lifecycle
from .limits import RateLimits
from .messages import Reply, Request
from .outputs import Outputs
from .scheduler import Scheduler
from .server import Server
from .service import Service
from .settings import Settings
from .store import Store
from .webhooks import Webhooks

DEFAULT_KEY = "fa-sandbox-key"
DEFAULT_CREDITS = 10_000
STOP_POLL_SECONDS = 0.02


class Sandbox:
    """A local server that speaks FASHN's protocol.

    ``speed`` divides every duration; ``port`` 0 takes a free one; ``credits`` is the subscription's balance.
    Each of ``more_keys`` is another account, with its own limits and balance. ``url`` is where clients reach
    it, if that is elsewhere. Ended predictions are forgotten, with their pictures, after ``keep_hours`` of
    sandbox time; 0 keeps them. Raise OSError when the port is taken. Use it as a context manager, or call
    ``start`` and ``stop``.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
        api_key: str = DEFAULT_KEY,
        more_keys: Sequence[str] = (),
        credits: int = DEFAULT_CREDITS,
        url: str = "",
        keep_hours: float = 0.0,
    ) -> None:
        self.api_key = api_key
        self.clock = Clock(speed)
        self.settings = Settings()
        self._credits = credits
        self._keep_seconds = keep_hours * 3600
        self._server = Server((host, port), self._answer)
        self.url = url or f"http://{host}:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name="sandbox-http"
        )
        self._store = Store()
        self._scheduler = Scheduler(self.clock)
        self._log = Ledger()
        self._queue = FaultQueue()
        self._accounts = {key: Account(credits, RateLimits(self.clock)) for key in (api_key, *more_keys)}
        self._webhooks = Webhooks(self.clock, self._scheduler, self._log)
        outputs = Outputs(self.clock, self._store, lambda: self.settings.plain_pictures)
        self._lifecycle = Lifecycle(
            self.clock, self._scheduler, self._store, outputs, self._webhooks, self._view
        )
        self._service = Service(
            self._accounts, self.clock, self._lifecycle, outputs, self._log, self._queue, self._view
        )
        self._console = Console(self)

    def start(self) -> None:
        """Serve in background threads until ``stop``."""
        self._scheduler.start()
        if self._keep_seconds:
            self._forget_old()
        self._thread.start()

    def stop(self) -> None:
        """End every connection and thread and delete the pictures."""
        self._webhooks.stop()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._scheduler.stop()
        self._store.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def ledger(self) -> dict[str, Any]:
        """Return what ``GET /_sandbox/ledger`` shows."""
        return {
            "predictions": self._lifecycle.to_json(),
            "inFlight": self._lifecycle.in_flight(),
            "credits": self.credits(),
            **self._log.to_json(),
        }

    def inject(self, endpoint: str, fault: str, times: int = 1, **parameters: Any) -> None:
        """Order a fault for the next ``times`` calls. Raise Refusal for an unknown one."""
        self.order(from_json({"endpoint": endpoint, "fault": fault, "times": times, **parameters}))

    def order(self, fault: Fault) -> None:
        """Order a fault."""
        self._queue.add(fault)

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that wait."""
        return self._queue.to_json()

    def clear_faults(self) -> None:
        """Drop the faults that wait."""
        self._queue.clear()

    def advance(self, seconds: float) -> None:
        """Move the clock by sandbox seconds; returns when what became due is done."""
        self._scheduler.push(seconds)

    def credits(self, key: str = "") -> dict[str, int]:
        """Return the balance of a key's account, the first one's without a key."""
        return self._lifecycle.balance(self._accounts[key or self.api_key])

    def set_credits(self, subscription: int, on_demand: int = 0, *, key: str = "") -> None:
        """Set the balance of a key's account, the first one's without a key."""
        self._lifecycle.set_balance(self._accounts[key or self.api_key], subscription, on_demand)

    def configure(self, **switches: Any) -> dict[str, Any]:
        """Change switches by their JSON names and return all of them. Raise Refusal."""
        self.settings = self.settings.changed(switches)
        return self.settings.to_json()

    def reset(self) -> None:
        """Go back to the start: no predictions, logs or faults, full credits, default switches."""
        self.settings = Settings()
        self.clear_faults()
        self._lifecycle.clear()
        self._log.clear()
        for key, account in self._accounts.items():
            account.limits.clear()
            self.set_credits(self._credits, key=key)

    def _forget_old(self) -> None:
        """Forget what is too old, and look again in an hour."""
        now = self.clock.now()
        self._lifecycle.forget(before=now - self._keep_seconds)
        self._scheduler.call_at(now + 3600, self._forget_old)

    def _view(self) -> tuple[Settings, str]:
        return self.settings, self.settings.output_host or self.url

    def _answer(self, request: Request) -> Reply:
        if request.path.startswith(f"{PREFIX}/"):
            return self._console.answer(request)
        return self._service.answer(request)
