"""The size of a large shop, and its photos: they share the files of the demo's drawings."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import batched
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import models

from config.core import clock
from models_library.models import ModelImage
from tryon.catalogue.models import Product
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue

# Few enough for one statement on SQLite, whatever the table.
AT_ONCE: Final = 2_000
VIEWS: Final = ("front", "back", "side", "detail")
COLLECTIONS: Final = ("Spring", "Summer", "Autumn", "Winter", "Basics")
MODEL_PHOTOS: Final = 40
PEOPLE: Final = 6
# Of twenty jobs one fails, and the newest few wait.
FAILED_OF: Final = 20
WAITING: Final = 200
DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Size:
    """The number of rows: product photos, jobs with a result, and by them the rest."""

    photos: int = 20_000
    results: int = 100_000

    @property
    def jobs(self) -> int:
        """The number of all jobs: besides those with a result, the failed and the waiting ones."""
        failed = -(-self.results // (FAILED_OF - 1))
        return self.results + failed + self.waiting

    @property
    def waiting(self) -> int:
        return min(WAITING, self.results // 10)


@dataclass(slots=True)
class Shop:
    """The rows that others point at."""

    size: Size
    now: datetime = field(default_factory=clock.now)
    requester: str = ""
    photos: list[ProductImage] = field(default_factory=list)
    people: list[User] = field(default_factory=list)
    model_photos: list[ModelImage] = field(default_factory=list)

    def at(self, number: int) -> datetime:
        """Return the time of a job: they are spread over a year, the newest last."""
        return self.now - timedelta(days=DAYS) * (1 - (number + 1) / self.size.jobs)


def uid(kind: str, number: int) -> UUID:
    """Return the id of a row, spread over the index as random ones are."""
    return UUID(hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest())


def insert(rows: Iterator[models.Model]) -> None:
    """Insert rows of one table."""
    for some in batched(rows, AT_ONCE, strict=False):
        type(some[0])._default_manager.bulk_create(some)


def copy_of(row: models.Model, **changes: Any) -> Any:
    """Return a new row with the values of another, and its files."""
    values = {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}
    return type(row)(**{**values, **changes})


def add_model_photos() -> list[ModelImage]:
    """Add copies of the demo's until there are ``MODEL_PHOTOS``. Return all."""
    drawn = list(ModelImage.objects.order_by("name"))
    insert(
        copy_of(
            drawn[number % len(drawn)],
            id=uid("model", number),
            name=f"{drawn[number % len(drawn)].name} {number}",
            checksum=hashlib.sha256(f"model {number}".encode()).hexdigest(),
        )
        for number in range(len(drawn), MODEL_PHOTOS)
    )
    return list(ModelImage.objects.order_by("id"))


def add_photos(size: Size) -> list[ProductImage]:
    """Add products and their photos, one for each view. Return the photos."""
    drawn = list(catalogue().order_by("product_id"))
    products = [
        Product(
            id=uid("product", number),
            product_id=f"SCALE-{number:05}",
            name=f"Garment {number}",
            price=10 + number % 190,
            currency="EUR",
            collection=COLLECTIONS[number % len(COLLECTIONS)],
            tags=["new"] if number % 10 == 0 else [],
        )
        for number in range(-(-size.photos // len(VIEWS)))
    ]
    insert(iter(products))
    photos = [
        copy_of(
            drawn[number % len(drawn)],
            id=uid("photo", number),
            product_id=products[number // len(VIEWS)].product_id,
            catalogue_product_id=products[number // len(VIEWS)].pk,
            view=VIEWS[number % len(VIEWS)],
            checksum=hashlib.sha256(f"photo {number}".encode()).hexdigest(),
        )
        for number in range(size.photos)
    ]
    insert(iter(photos))
    for product, photo in zip(products, photos[:: len(VIEWS)], strict=True):
        product.source_photo = photo
    Product.objects.bulk_update(products, ["source_photo"], batch_size=AT_ONCE)
    return photos
