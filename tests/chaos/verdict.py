"""The five counts, from the sandbox's own ledger and the product's rows."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, override

from tryon.sandbox.webhooks import RETRY_AFTER_SECONDS

ENDED: Final = ("completed", "failed", "canceled")
IN_FLIGHT: Final = ("reserved", "sending", "running")
ATTEMPTS_PER_WEBHOOK: Final = 1 + len(RETRY_AFTER_SECONDS)


@dataclass(frozen=True, slots=True)
class Payment:
    """A paid picture. ``job`` is empty when no row of the product knows of it.

    ``kept`` says that the product has its own copy, for a job that failed at a later step. ``knowable`` is
    False when no answer to the submission reached the product, and no webhook was ever sent.
    """

    job: str
    step: int
    kept: bool
    knowable: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first five must be zero, and so must ``unsettled``: calls and webhooks that are still under way.

    ``undecidable`` counts paid pictures that nobody could know of. They are not held against the product.
    ``suspects`` are the ids of the jobs that count against it.
    """

    unfinished: int
    paid_twice: int
    not_stored: int
    limits_exceeded: int
    recipes_paid_again: int
    unsettled: int
    undecidable: int
    jobs: int
    paid: int
    suspects: frozenset[str]
    # Pictures that a host could not open, and all that were tried, on several hosts.
    unopened: int = 0
    openings: int = 0

    @property
    def clean(self) -> bool:
        return not (
            self.unfinished
            or self.paid_twice
            or self.not_stored
            or self.limits_exceeded
            or self.recipes_paid_again
            or self.unsettled
            or self.unopened
        )

    @override
    def __str__(self) -> str:
        return (
            f"unfinished {self.unfinished}, paid twice {self.paid_twice}, "
            f"paid but not stored {self.not_stored}, limits exceeded {self.limits_exceeded}, "
            f"recipes paid again by themselves {self.recipes_paid_again} "
            f"({self.jobs} jobs, {self.paid} paid pictures, {self.undecidable} undecidable"
            + (f", {self.unsettled} still under way)" if self.unsettled else ")")
            + (f", pictures not opened {self.unopened} of {self.openings}" if self.openings else "")
        )


def verdict(
    ledger: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]], asked: Collection[str]
) -> Verdict:
    """Judge a run. ``asked`` has the ids of the jobs that the API promised: one without a row counts too."""
    jobs = {job["id"]: job for job in rows["jobs"]}
    paid = payments(ledger, rows)
    unfinished = {job for job in {*jobs, *asked} if job not in jobs or jobs[job]["status"] not in ENDED}
    extra = paid_again(paid, jobs)
    missing = [payment for payment in paid if not is_stored(payment, jobs)]
    lost = [payment for payment in missing if payment.knowable]
    return Verdict(
        unfinished=len(unfinished),
        paid_twice=extra.total(),
        not_stored=len(lost),
        limits_exceeded=sum(ledger["limitsExceeded"].values()),
        recipes_paid_again=recipes_paid_again(paid, jobs),
        unsettled=under_way(ledger, rows),
        undecidable=len(missing) - len(lost),
        jobs=len(jobs),
        paid=len(paid),
        suspects=frozenset({*unfinished, *extra, *(payment.job for payment in lost)} - {""}),
    )


def payments(ledger: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Payment]:
    """Every paid call of the ledger. The token in its webhook address names the row it was made for."""
    predictions = {row["token"]: row for row in rows["predictions"]}
    called_back = {token_of(webhook["url"]) for webhook in ledger["webhooks"]}
    found = []
    for call in ledger["predictions"]:
        if call["credits"]:
            token = token_of(call["webhookUrl"])
            row = predictions.get(token)
            found.append(
                Payment(
                    job=row["job"] if row else "",
                    step=row["step"] if row else 0,
                    kept=bool(row and row["kept"]),
                    # A row is written before anything is sent: a call without one is the product's fault.
                    knowable=row is None or bool(row["providerId"]) or token in called_back,
                )
            )
    return found


def paid_again(paid: Sequence[Payment], jobs: Mapping[str, Mapping[str, Any]]) -> Counter[str]:
    """Count the payments too many of each job, for any of its steps. A person's retry may pay again."""
    bought = Counter((payment.job, payment.step) for payment in paid if payment.job)
    extra: Counter[str] = Counter()
    for (job, _), number in bought.items():
        extra[job] += max(0, number - 1 - jobs[job]["personalRetries"])
    return +extra


def recipes_paid_again(paid: Sequence[Payment], jobs: Mapping[str, Mapping[str, Any]]) -> int:
    """Count the payments too many for each step of a recipe, by any of its jobs.

    Asking for the same picture again, after a failure or a cancellation, is no order to pay again: a
    person's retry is.
    """
    retries: Counter[str] = Counter()
    for job in jobs.values():
        retries[job["recipe"]] += job["personalRetries"]
    bought = Counter((jobs[payment.job]["recipe"], payment.step) for payment in paid if payment.job)
    return sum(max(0, number - 1 - retries[recipe]) for (recipe, _), number in bought.items())


def is_stored(payment: Payment, jobs: Mapping[str, Mapping[str, Any]]) -> bool:
    """The picture became a result or part of one, of its job or of a later one, or a copy is kept."""
    if not payment.job:
        return False
    recipe = jobs[payment.job]["recipe"]
    return payment.kept or any(job["stored"] for job in jobs.values() if job["recipe"] == recipe)


def under_way(ledger: Mapping[str, Any], rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> int:
    """Count all that could still change the judgement: FASHN's open calls and webhooks, and ours.

    A job may fail while its picture is still being made and paid for: judged too early, nothing would be
    missing.
    """
    calls = sum(call["completedAt"] is None for call in ledger["predictions"])
    webhooks = sum(not is_over(webhook["attempts"]) for webhook in ledger["webhooks"])
    return calls + webhooks + sum(row["state"] in IN_FLIGHT for row in rows["predictions"])


def is_over(attempts: Sequence[Mapping[str, Any]]) -> bool:
    """The webhook was taken, or FASHN has given it up."""
    if not attempts:
        return False
    status = attempts[-1]["status"]
    return len(attempts) == ATTEMPTS_PER_WEBHOOK or (status is not None and 200 <= status < 300)


def token_of(address: str | None) -> str:
    """The callback token in a webhook's address."""
    return (address or "").rpartition("/")[2]
