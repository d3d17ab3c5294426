"""Rows with their files, of any age."""

import itertools
import os
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import models

from config.core import clock
from results.models import TryOnResult
from tests.factories import PredictionFactory, ProductImageFactory, TryOnResultFactory
from tryon.models import Prediction, PredictionState, ProductImage

KEYS = itertools.count()


def stored(kind: str, extension: str = "jpg", *, hours_old: float = 0, size: int = 10) -> str:
    """Write a file under a key of our own making and return the key. Its age works on local disk only."""
    name = f"ab{next(KEYS):030x}"
    key = default_storage.save(f"{kind}/ab/{name}.{extension}", ContentFile(b"x" * size))
    if hours_old:
        at = (clock.now() - timedelta(hours=hours_old)).timestamp()
        os.utime(Path(default_storage.path(key)), (at, at))
    return key


def aged[M: models.Model](row: M, *, hours: float) -> M:
    """Make the row so old."""
    created = clock.now() - timedelta(hours=hours)
    type(row)._default_manager.filter(pk=row.pk).update(created_at=created)
    return row


def photo(*, hours_old: float = 0, requester: str = "shop:owner", **fields: Any) -> ProductImage:
    """A product photo with its three files."""
    row: ProductImage = ProductImageFactory.create(
        original=stored("originals", hours_old=hours_old),
        processed=stored("products", hours_old=hours_old),
        thumbnail=stored("products", "webp", hours_old=hours_old),
        requester=requester,
        **fields,
    )
    return aged(row, hours=hours_old)


def result(*, expires_in: timedelta, **fields: Any) -> TryOnResult:
    """A result with its two files."""
    row: TryOnResult = TryOnResultFactory.create(
        image=stored("results", "png"),
        thumbnail=stored("results", "webp"),
        expires_at=clock.now() + expires_in,
        **fields,
    )
    return row


def kept_copy(*, days_old: float = 0, **fields: Any) -> Prediction:
    """A paid picture of an earlier step, copied."""
    row: Prediction = PredictionFactory.create(
        state=PredictionState.SUCCEEDED,
        output="https://cdn.fashn.ai/one.png",
        kept=stored("results", "png"),
        finished_at=clock.now() - timedelta(days=days_old),
        **fields,
    )
    return row


def names(*files: models.fields.files.FieldFile) -> list[str]:
    """The keys of a row's files."""
    return [str(file.name) for file in files]


def clean(*tasks: str, **options: Any) -> str:
    """Run ``manage.py cleanup`` and return what it says."""
    out = StringIO()
    call_command("cleanup", *tasks, stdout=out, stderr=out, **options)
    return out.getvalue()
