"""The errors between us and FASHN's API, one class for each next action.

No text here holds a key, an address or picture bytes, because errors reach logs, event rows and alerts.
"""

from typing import ClassVar


class FashnError(Exception):
    """A call to FASHN that brought no usable answer.

    ``code`` is stable and ours. ``permanent`` means that FASHN would refuse the same request again, in any
    state of the account and the network. ``may_have_run`` means that money may be spent: a prediction may
    exist whose id we never learned, so only the webhook or a person may decide to run again.
    ``retry_after`` is in seconds, None if FASHN gave no hint. ``provider_error`` is FASHN's own error name
    (`OutOfCredits`), or empty. ``http_status`` is None if no answer came. ``cause`` names the transport
    error (`ReadTimeoutError`), or is empty.
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
    """400 and other refusals of the request itself (413, 422, ...): do not send it again unchanged."""

    code = "provider_refused_request"
    permanent = True


class Unauthorized(FashnError):
    """401: the key is missing, wrong or inactive.

    It is not permanent: the job is fine, but the account is not, so pause dispatch.
    """

    code = "provider_unauthorized"


class NotFound(FashnError):
    """404: FASHN does not, or no longer, know the prediction id, or the base URL is wrong."""

    code = "provider_not_found"
    permanent = True


class RateLimited(FashnError):
    """429 `RateLimitExceeded`, or an unknown 429: too many calls in the window, so wait."""

    code = "provider_rate_limited"


class ConcurrencyLimited(FashnError):
    """429 `ConcurrencyLimitExceeded`: too many predictions in flight, so wait for one to end."""

    code = "provider_concurrency_limited"


class OutOfCredits(FashnError):
    """429 `OutOfCredits`: a person has to buy credits, so pause dispatch."""

    code = "provider_out_of_credits"


class ServerError(FashnError):
    """5xx (and 408).

    ``may_have_run`` is true if a gateway answered instead of FASHN and may hide an accepted run.
    """

    code = "provider_server_error"


class NotSent(FashnError):
    """No complete request left this machine: DNS, refused, TLS, connect time-out, cut off while sending."""

    code = "provider_not_reached"


class Withheld(NotSent):
    """The caller took its leave back before the last piece was sent: no server can run what it got."""

    code = "provider_request_withheld"


class Unanswered(FashnError):
    """The request was sent, but no complete answer came: time-out, reset, half a body."""

    code = "provider_unanswered"


class UnexpectedAnswer(FashnError):
    """An answer outside the protocol.

    It is not JSON, has the wrong shape, is too large, is a redirect, or is a 200 without a usable id.
    """

    code = "provider_unexpected_answer"


class DownloadError(Exception):
    """A result picture that could not be fetched.

    ``code`` is stable. ``permanent`` means that another download from the same address soon can't help.
    ``lost`` means that the picture, unless that changes, no longer exists. ``http_status`` is None if no
    answer came. ``cause`` is a short technical word, or empty.
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

    FASHN has moved its media host before. It keeps the picture for 72 hours, so there is time to allow a new
    host.
    """

    code = "result_host_refused"
    permanent = True


class ResultTooLarge(DownloadError):
    """More bytes than the caller allows."""

    code = "result_too_large"
    permanent = True
    lost = True


class ResultNotAnImage(DownloadError):
    """The content type or the first bytes are not PNG, JPEG or WebP."""

    code = "result_not_an_image"
    lost = True


class ResultGone(DownloadError):
    """404 or 410: FASHN deletes pictures after 72 hours. A new picture may not be there yet."""

    code = "result_gone"
    lost = True


class ResultUnavailable(DownloadError):
    """A time-out, a broken connection or an answer that may improve on another try."""

    code = "result_unavailable"


class ResultExpired(DownloadError):
    """FASHN dropped an inline (base64) picture, 60 minutes after completion."""

    code = "result_expired"
    permanent = True
    lost = True
