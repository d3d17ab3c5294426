"""The four counts, from the sandbox's own ledger and the product's rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, override

ENDED: Final = ("completed", "failed", "canceled")


@dataclass(frozen=True, slots=True)
class Verdict:
    """All four must be zero.

    ``undecidable`` counts paid pictures that nobody could know of: no answer to the submission reached the
    product, and no webhook was ever sent. They are not held against it.
    """

    unfinished: int
    paid_twice: int
    not_stored: int
    limits_exceeded: int
    undecidable: int
    jobs: int
    paid: int

    @property
    def clean(self) -> bool:
        return not (self.unfinished or self.paid_twice or self.not_stored or self.limits_exceeded)

    @override
    def __str__(self) -> str:
        return (
            f"unfinished {self.unfinished}, paid twice {self.paid_twice}, "
            f"paid but not stored {self.not_stored}, limits exceeded {self.limits_exceeded} "
            f"({self.jobs} jobs, {self.paid} paid pictures, {self.undecidable} undecidable)"
        )


def verdict(ledger: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> Verdict:
    """Judge a run. The webhook address of each paid call names the row it was made for."""
    jobs = {job["id"]: job for job in rows["jobs"]}
    predictions = {row["token"]: row for row in rows["predictions"]}
    paid = [call for call in ledger["predictions"] if call["credits"]]
    owners = [predictions.get(token_of(call)) for call in paid]
    bought = Counter(
        (owner["job"], call["modelName"]) for call, owner in zip(paid, owners, strict=True) if owner
    )
    called_back = {token_of(webhook) for webhook in ledger["webhooks"] if webhook["attempts"]}
    missing = [
        call
        for call, owner in zip(paid, owners, strict=True)
        if owner is None or not (jobs[owner["job"]]["stored"] or jobs[owner["job"]]["status"] == "canceled")
    ]
    unknowable = [
        call
        for call in missing
        if (owner := predictions.get(token_of(call))) is not None
        and not owner["providerId"]
        and token_of(call) not in called_back
    ]
    return Verdict(
        unfinished=sum(job["status"] not in ENDED for job in jobs.values()),
        paid_twice=sum(
            max(0, number - 1 - jobs[job]["personalRetries"]) for (job, _), number in bought.items()
        ),
        not_stored=len(missing) - len(unknowable),
        limits_exceeded=sum(ledger["limitsExceeded"].values()),
        undecidable=len(unknowable),
        jobs=len(jobs),
        paid=len(paid),
    )


def token_of(call: Mapping[str, Any]) -> str:
    """The callback token in a call's or a webhook's address."""
    address = call.get("webhookUrl") or call.get("url") or ""
    return str(address).rpartition("/")[2]
