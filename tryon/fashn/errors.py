"""Everything that can go wrong between us and FASHN's API, told apart by what to do next.

No text here ever holds a key, an address or picture bytes: errors reach logs, event rows and alerts.
"""

from typing import ClassVar


class FashnError(Exception):
    """A call to FASHN that brought no usable answer.

    ``code`` is stable and ours. ``permanent`` means that the same request would be refused again, whatever
    the state of the account or the network. ``may_have_run`` means that money may be spent: a prediction
    may exist whose id we never learnt, so only the webhook or a person may decide to run again.
    ``retry_after`` is in seconds, None where FASHN gave no hint. ``provider_error`` is FASHN's own error
    name (`OutOfCredits`), or empty. ``http_status`` is None where no answer came. ``cause`` names the
    transport fault (`ReadTimeoutError`), or is empty.
    """

    code: ClassVar[str] = "provider_error"
    permanent: ClassVar[bool] = False

    def __init__(
        self,
        *,
        http_status: int | None = None,
        provider_error: str = "",
        retry_after: float | None = None,
        may_have_run: bool = False,
        cause: str = "",
    ) -> None:
        self.http_status = http_status
        self.provider_error = provider_error
        self.retry_after = retry_after
        self.may_have_run = may_have_run
        self.cause = cause
        facts = [f"HTTP {http_status}" if http_status else "", provider_error, cause]
        super().__init__(" ".join([self.code, *filter(None, facts)]))


class BadRequest(FashnError):
    """400 and the other refusals of the request itself (413, 422, ...): never send it again unchanged."""

    code = "provider_refused_request"
    permanent = True


class Unauthorized(FashnError):
    """401: the key is missing, wrong or inactive.

    Not permanent: the job is fine, the account is not; pause dispatch.
    """

    code = "provider_unauthorized"


class NotFound(FashnError):
    """404: FASHN does not (or no longer) know the prediction id, or the base URL is wrong."""

    code = "provider_not_found"
    permanent = True


class RateLimited(FashnError):
    """429 `RateLimitExceeded`, or a 429 of unknown kind: too many calls in the window, wait."""

    code = "provider_rate_limited"


class ConcurrencyLimited(FashnError):
    """429 `ConcurrencyLimitExceeded`: too many predictions in flight, wait for one to end."""

    code = "provider_concurrency_limited"


class OutOfCredits(FashnError):
    """429 `OutOfCredits`: waiting does not help, someone has to buy credits; pause dispatch."""

    code = "provider_out_of_credits"


class ServerError(FashnError):
    """5xx (and 408).

    ``may_have_run`` where a gateway answered in place of FASHN and may hide an accepted run.
    """

    code = "provider_server_error"


class NotSent(FashnError):
    """No complete request left this machine: DNS, refused, TLS, connect time-out, cut off while sending."""

    code = "provider_not_reached"


class Unanswered(FashnError):
    """The request was sent and no complete answer came: time-out, reset, half a body."""

    code = "provider_unanswered"


class UnexpectedAnswer(FashnError):
    """An answer outside the protocol.

    Not JSON, the wrong shape, too large, a redirect, 200 without a usable id.
    """

    code = "provider_unexpected_answer"


class DownloadError(Exception):
    """A result picture that could not be fetched.

    ``code`` is stable; ``permanent`` means that fetching the same address again soon cannot help, and
    ``lost`` that the picture, unless that changes, is not there any more.
    ``http_status`` is None where no answer came; ``cause`` is a short technical word, or empty.
    """

    code: ClassVar[str] = "result_error"
    permanent: ClassVar[bool] = False
    lost: ClassVar[bool] = False

    def __init__(self, *, http_status: int | None = None, cause: str = "") -> None:
        self.http_status = http_status
        self.cause = cause
        facts = [f"HTTP {http_status}" if http_status else "", cause]
        super().__init__(" ".join([self.code, *filter(None, facts)]))


class ResultHostRefused(DownloadError):
    """The address is not on the allow-list, or leads into a private network.

    FASHN has moved its media host before; it keeps the picture for 72 hours, so there is time to allow a
    new host.
    """

    code = "result_host_refused"
    permanent = True


class ResultTooLarge(DownloadError):
    """More bytes than the caller allows."""

    code = "result_too_large"
    permanent = True
    lost = True


class ResultNotAnImage(DownloadError):
    """Neither the content type nor the first bytes may say anything but PNG, JPEG or WebP."""

    code = "result_not_an_image"
    lost = True


class ResultGone(DownloadError):
    """404 or 410: FASHN deletes pictures after 72 hours. Right after completion it may not be there yet."""

    code = "result_gone"
    lost = True


class ResultUnavailable(DownloadError):
    """A time-out, a broken connection or an answer that may be better next time."""

    code = "result_unavailable"


class ResultExpired(DownloadError):
    """FASHN dropped an inline (base64) picture, 60 minutes after completion."""

    code = "result_expired"
    permanent = True
    lost = True
