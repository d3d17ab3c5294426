"""The credit balance."""

from dataclasses import dataclass


@dataclass
class Account:
    """Subscription credits are spent before on-demand ones. Guarded by the lock of its owner."""

    subscription: int
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
