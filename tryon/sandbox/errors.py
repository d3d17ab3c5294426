"""The sandbox's refusals and errors, in FASHN's own names."""

from http import HTTPStatus

STATUS_OF_REFUSAL = {
    "BadRequest": HTTPStatus.BAD_REQUEST,
    "UnauthorizedAccess": HTTPStatus.UNAUTHORIZED,
    "NotFound": HTTPStatus.NOT_FOUND,
    "RateLimitExceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "ConcurrencyLimitExceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "OutOfCredits": HTTPStatus.TOO_MANY_REQUESTS,
    "InternalServerError": HTTPStatus.INTERNAL_SERVER_ERROR,
}

MESSAGE_OF_REFUSAL = {
    "BadRequest": "Invalid request body",
    "UnauthorizedAccess": "Unauthorized: Invalid token",
    "NotFound": "Not found",
    "RateLimitExceeded": "Too many requests",
    "ConcurrencyLimitExceeded": "Too many predictions in progress",
    "OutOfCredits": "Not enough credits",
    "InternalServerError": "Server error",
}


class Refusal(Exception):
    """An API-level error: no prediction exists and nothing is charged.

    ``name`` is one of ``STATUS_OF_REFUSAL``; it decides the HTTP status. ``genuine`` is false for an ordered
    fault, so that the ledger can tell a client that overran a limit from one that was only told it did.
    """

    def __init__(self, name: str, message: str | None = None, *, genuine: bool = True) -> None:
        self.name = name
        self.status = STATUS_OF_REFUSAL[name]
        self.message = message if message is not None else MESSAGE_OF_REFUSAL[name]
        self.genuine = genuine
        super().__init__(name)


class PredictionError(Exception):
    """A runtime error: the prediction ends as ``failed`` with this name and message, free of charge."""

    def __init__(self, name: str, message: str) -> None:
        self.name = name
        self.message = message
        super().__init__(name)
