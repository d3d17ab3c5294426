"""An account: its credit balance, and how much it asks."""

from dataclasses import dataclass, field

from .limits import RateLimits


@dataclass(eq=False)
class Account:
    """One key's balance and limits. Subscription credits are spent first. The lifecycle's lock guards it."""

    subscription: int
    limits: RateLimits = field(repr=False)
    on_demand: int = 0

    @property
    def total(self) -> int:
        """Return all credits left."""
        return self.subscription + self.on_demand

    def charge(self, credits: int) -> None:
        """Take credits for a finished prediction; the balance stops at 0."""
        from_subscription = min(credits, self.subscription)
        self.subscription -= from_subscription
        self.on_demand = max(0, self.on_demand - (credits - from_subscription))

    def to_json(self) -> dict[str, int]:
        """Return the balance as ``GET /v1/credits`` shows it."""
        return {"total": self.total, "subscription": self.subscription, "on_demand": self.on_demand}
