"""The errors of stored pictures."""

from typing import Any, ClassVar, Final

import structlog
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.utils.translation import gettext_lazy as _

from config.core.errors import DomainError

logger = structlog.stdlib.get_logger(__name__)

# What a local disk and S3 raise when they can't serve.
STORE_FAULTS: Final = (OSError, Boto3Error, BotoCoreError, ClientError)


class StorageUnavailable(DomainError):
    code: ClassVar[str] = "storage_unavailable"
    status: ClassVar[int] = 503
    retryable: ClassVar[bool] = True
    message: Any = _("Pictures can't be stored or read right now. Try again in a minute.")
    wait: ClassVar[int] = 60


class ObjectMissing(DomainError):
    code: ClassVar[str] = "picture_missing"
    status: ClassVar[int] = 404
    message: Any = _("The picture's file is gone. Upload the photo again.")


class ObjectArchived(ObjectMissing):
    """A life-cycle rule of the bucket has moved it. Only a person can bring it back."""

    code: ClassVar[str] = "picture_archived"
    message: Any = _("The store has moved the picture's file to an archive. Upload the photo again.")


def describe_fault(error: Exception) -> str:
    """Return the store's word for the log: ``NoSuchBucket``, or else the exception's name."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", "ClientError"))
    return type(error).__name__


def unavailable(error: Exception) -> StorageUnavailable:
    """The fault as callers see it; the log says what the store said."""
    logger.error("storage_fault", fault=describe_fault(error))
    return StorageUnavailable()
