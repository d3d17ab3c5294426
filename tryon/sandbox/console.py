"""The calls under ``/_sandbox``: look inside, order faults, move the clock. No key is asked for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import Refusal
from .faults import from_json
from .messages import Reply, Request, json_reply

if TYPE_CHECKING:
    from .sandbox import Sandbox

PREFIX = "/_sandbox"


class Console:
    """Turns calls into the methods of a Sandbox."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._calls: dict[tuple[str, str], Callable[[Request], object]] = {
            ("GET", "ledger"): lambda _: sandbox.ledger(),
            ("GET", "faults"): lambda _: {"faults": sandbox.faults()},
            ("POST", "faults"): self._order,
            ("DELETE", "faults"): lambda _: sandbox.clear_faults(),
            ("POST", "clock"): self._advance,
            ("POST", "credits"): self._credits,
            ("GET", "settings"): lambda _: sandbox.settings.to_json(),
            ("POST", "settings"): lambda request: sandbox.configure(**_object(request)),
            ("POST", "reset"): lambda _: sandbox.reset(),
        }

    def answer(self, request: Request) -> Reply:
        """Return the outcome as JSON; ``{"ok": true}`` where there is nothing to tell."""
        call = self._calls.get((request.method, request.path.removeprefix(PREFIX).strip("/")))
        try:
            if call is None:
                raise Refusal("NotFound")
            result = call(request)
        except Refusal as refusal:
            return json_reply({"error": refusal.name, "message": refusal.message}, refusal.status)
        return json_reply({"ok": True} if result is None else result)

    def _order(self, request: Request) -> None:
        self._sandbox.order(from_json(_object(request)))

    def _advance(self, request: Request) -> dict[str, float]:
        seconds = _object(request).get("advance")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
            raise Refusal("BadRequest", "advance must be a number of seconds, 0 or more")
        self._sandbox.advance(seconds)
        return {"now": self._sandbox.clock.now()}

    def _credits(self, request: Request) -> dict[str, int]:
        body = _object(request)
        parts = [body.get("subscription", 0), body.get("onDemand", 0)]
        if any(type(part) is not int or part < 0 for part in parts):
            raise Refusal("BadRequest", "subscription and onDemand must be whole numbers, 0 or more")
        self._sandbox.set_credits(*parts)
        return self._sandbox.credits()


def _object(request: Request) -> dict[str, Any]:
    body = request.json()
    if not isinstance(body, dict):
        raise Refusal("BadRequest", "The body must be a JSON object")
    return body
