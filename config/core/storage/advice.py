"""The words for an owner whose store refuses: what a fault usually means, and what to do."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

_KEY: Final = _("The store does not know this key. Check S3_ACCESS_KEY and S3_SECRET_KEY.")
_REGION: Final = _("The bucket is in another region. Set S3_REGION, and S3_ENDPOINT if it names a region.")
_HOST: Final = _("Nothing answers there. Check S3_ENDPOINT and the network.")

BY_FAULT: Final[dict[str, Any]] = {
    "InvalidAccessKeyId": _KEY,
    "Unauthorized": _KEY,
    "SignatureDoesNotMatch": _("The secret is not that of the key. Copy S3_SECRET_KEY again."),
    "NoSuchBucket": _("There is no such bucket. Create it, private, or correct S3_BUCKET."),
    "AccessDenied": _(
        "The key may not do this. It needs to list the bucket, and to get, put and delete objects in it."
    ),
    "NoCredentialsError": _("There is no key and no role. Set S3_ACCESS_KEY and S3_SECRET_KEY."),
    "PartialCredentialsError": _("Half a key is set. Set both S3_ACCESS_KEY and S3_SECRET_KEY."),
    "ExpiredToken": _("The token has ended. Use a key, or a role that renews its token."),
    "RequestTimeTooSkewed": _("The machine's clock is wrong. Correct it."),
    "PermanentRedirect": _REGION,
    "AuthorizationHeaderMalformed": _REGION,
    "IllegalLocationConstraintException": _REGION,
    "SecondLevelDomainForbidden": _("The store wants the bucket in the host. Set S3_ADDRESSING=virtual."),
    "EndpointConnectionError": _HOST,
    "ConnectTimeoutError": _HOST,
    "ReadTimeoutError": _HOST,
    "NoAnswer": _HOST,
    "PermissionError": _("This process may not use the folder. Give it to the user that runs the service."),
    "NotReached": _("The address for browsers is not reached from here. Check S3_PUBLIC_ENDPOINT."),
    "NotServed": _("The web process does not show it. Give all processes one VAR_DIR and one SECRET_KEY."),
    "PublicObjects": _("Anyone can read pictures without a signature. Block public access to the bucket."),
    "OthersMayRead": _("Other users of the machine can read the folder. Run chmod -R go= on it."),
}
BY_STEP: Final[dict[str, Any]] = {
    "signed address": _(
        "Signed addresses do not work. Check S3_PUBLIC_ENDPOINT, S3_REGION and S3_ADDRESSING."
    ),
}
ANYTHING_ELSE: Final = _("Look up the store's word in its documentation.")


def advice_for(step: str, fault: str) -> str:
    """Return the sentence for a fault in a step of the trial."""
    return str(BY_FAULT.get(fault) or BY_STEP.get(step) or ANYTHING_ELSE)
