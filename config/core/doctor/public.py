"""The service as others reach it: the address, the proxies before it, and what its web process shares.

The doctor calls PUBLIC_BASE_URL and shows a token that only this installation can make. The web process
answers how the call looked when it arrived, and with the fingerprints of what machines share.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core import signing
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.translation import gettext_noop as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from config.core.doctor.findings import Finding, State
from config.core.doctor.fingerprints import differences, fingerprints
from config.core.http.address import public_address

ADDRESS: Final = _("Public address")
PROXY: Final = _("Proxy")
SHARED: Final = _("Shared settings")
SALT: Final = "tryon-studio.doctor"
TOKEN_SECONDS: Final = 120
ASK_SECONDS: Final = 10.0
# There may be several machines behind the address.
ROUNDS: Final = 3


@never_cache
@require_safe
def mirror(request: HttpRequest, token: str) -> JsonResponse:
    """Answer the doctor how its call looked on its arrival. 404 for everybody else."""
    try:
        signing.TimestampSigner(salt=SALT).unsign(token, max_age=TOKEN_SECONDS)
    except signing.BadSignature as error:
        raise Http404 from error
    return JsonResponse(
        {
            "scheme": request.scheme,
            "host": request.get_host(),
            "proxies": len(request.headers.get("X-Forwarded-For", "").split(",")),
            "isForwarded": "X-Forwarded-For" in request.headers,
            "trustedProxies": settings.TRUSTED_PROXIES,
            "shared": fingerprints(),
        }
    )


def address() -> Iterator[Finding]:
    """Call the service as a shopper does."""
    if not settings.PUBLIC_BASE_URL:
        advice = _("Set PUBLIC_BASE_URL to the https address that shoppers reach.")
        yield Finding(ADDRESS, State.WARNING, "", advice)
        return
    try:
        health = _get(public_address("healthz"))
    except requests.exceptions.SSLError:
        advice = _("The certificate is not trusted. Check its name, its dates and its chain.")
        yield Finding(ADDRESS, State.ERROR, "SSLError", advice)
    except requests.RequestException as error:
        advice = _("Nothing answers at PUBLIC_BASE_URL. Check DNS, the proxy and the web process.")
        yield Finding(ADDRESS, State.ERROR, type(error).__name__, advice)
    else:
        yield from _answered(health)


def _answered(health: requests.Response) -> Iterator[Finding]:
    if health.status_code != 200 or health.text.strip() != '{"status": "ok"}':
        advice = _("Something else answers at PUBLIC_BASE_URL. Check the proxy's target and its path.")
        yield Finding(ADDRESS, State.ERROR, f"Status {health.status_code}", advice)
        return
    advice = _("Only this machine reaches the service. For shoppers, set PUBLIC_BASE_URL to their address.")
    yield Finding(ADDRESS, fact=settings.PUBLIC_BASE_URL, advice=advice if _is_loopback() else "")
    try:
        seen = [_get(public_address("doctor", _token())) for _round in range(ROUNDS)]
    except requests.RequestException as error:
        advice = _("The web process does not answer each call. Look at the proxy's log.")
        yield Finding(PROXY, State.ERROR, type(error).__name__, advice)
        return
    for answer in seen:
        if answer.status_code != 200:
            yield _refused(answer.status_code)
            return
    views = [answer.json() for answer in seen]
    yield next((finding for view in views if (finding := _fault_in(view))), Finding(PROXY))
    yield _compared(differences(view["shared"] for view in views))


def _is_loopback() -> bool:
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _refused(status: int) -> Finding:
    match status:
        case 301 | 302:
            advice = _(
                "The web process takes https for http. Set TRUSTED_PROXIES=1, and pass X-Forwarded-Proto."
            )
        case 400:
            advice = _("The web process does not serve the host that the proxy names. Pass the host on.")
        case 404:
            advice = _("The web process has another SECRET_KEY. Set the same on all machines, and restart.")
            return Finding(SHARED, State.ERROR, "SECRET_KEY", advice)
        case _:
            advice = _("The web process fails. Look at its log.")
    return Finding(PROXY, State.ERROR, f"Status {status}", advice)


def _fault_in(view: dict[str, Any]) -> Finding | None:
    public = urlsplit(settings.PUBLIC_BASE_URL)
    if view["scheme"] != public.scheme:
        advice = _("The proxy has to say which scheme was used, in X-Forwarded-Proto.")
        return Finding(PROXY, State.ERROR, view["scheme"], advice)
    if view["host"] != public.netloc:
        advice = _("The proxy has to pass the host on: proxy_set_header X-Forwarded-Host $http_host;")
        return Finding(PROXY, State.ERROR, view["host"], advice)
    if view["isForwarded"] and not view["trustedProxies"]:
        advice = _("There is a proxy, and its word is not taken. Set TRUSTED_PROXIES=1.")
        return Finding(PROXY, State.ERROR, "X-Forwarded-For", advice)
    if view["trustedProxies"] and not view["isForwarded"]:
        advice = _("No proxy names the caller, so anybody can write X-Forwarded-For. Set TRUSTED_PROXIES=0.")
        return Finding(PROXY, State.ERROR, "X-Forwarded-For", advice)
    if view["trustedProxies"] and view["proxies"] != view["trustedProxies"]:
        advice = _("Set TRUSTED_PROXIES=%(count)s, the number of proxies that add to X-Forwarded-For.")
        return Finding(PROXY, State.ERROR, "TRUSTED_PROXIES", advice, {"count": str(view["proxies"])})
    return None


def _compared(others: list[str]) -> Finding:
    if not others:
        return Finding(SHARED)
    advice = _("The web process differs in these settings. Set the same on all machines, and restart.")
    return Finding(SHARED, State.ERROR, ", ".join(others), advice)


def _token() -> str:
    return signing.TimestampSigner(salt=SALT).sign(signing.b62_encode(1))


def _get(address: str) -> requests.Response:
    return requests.get(address, timeout=ASK_SECONDS, allow_redirects=False, headers={"Connection": "close"})
