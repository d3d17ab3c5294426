"""The refusals of an idempotency key."""

from typing import Any, ClassVar, Final

from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError

RETRY_SECONDS: Final = 2


class IdempotencyKeyInvalid(DomainError):
    code: ClassVar[str] = "idempotency_key_invalid"
    status: ClassVar[int] = 400
    message: Any = _(
        "Send 1 to 64 printable ASCII characters as Idempotency-Key: a new random text for each new request."
    )


class IdempotencyKeyReused(DomainError):
    code: ClassVar[str] = "idempotency_key_reused"
    status: ClassVar[int] = 422
    message: Any = _("This Idempotency-Key came with another request before. Send this one with a new key.")


class IdempotencyInProgress(DomainError):
    code: ClassVar[str] = "idempotency_in_progress"
    status: ClassVar[int] = 409
    retryable: ClassVar[bool] = True
    message: Any = _(
        "The first request with this Idempotency-Key is not done yet. Repeat it in a few seconds."
    )
    wait: ClassVar[int] = RETRY_SECONDS
