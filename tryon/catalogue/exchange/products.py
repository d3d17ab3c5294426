"""The sheet of products, for imports and exports, by django-import-export."""

from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any, Final, override
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.widgets import CharWidget

from config.core.outgoing.guard import AddressRefused, web_address
from config.core.search import as_uuid
from tryon.catalogue.exchange.columns import CurrencyWidget, PriceWidget, Sheet, TagsWidget
from tryon.catalogue.exchange.tables import NUMBER
from tryon.catalogue.models import Product, UploadAttempt
from tryon.models import ProductImage
from tryon.selectors.photos import catalogue, with_files

LONGEST_ADDRESS: Final = 2000
BATCH: Final = 500
CHANGED: Final = ("name", "price", "currency", "collection", "tags")


class ProductSheet(Sheet):
    """Products, in both directions.

    ``may_fetch``: the person may have photos fetched from addresses. ``may_move``: the person may change
    photos, and so give one to another product.

    After an import ``photos`` has the photo of each product that the file names one for: a photo of the
    catalogue, or the address of one that is to be fetched.
    """

    product_id = Field(column_name="product_id", attribute="product_id", widget=CharWidget())
    name = Field(column_name="name", attribute="name", widget=CharWidget())
    price = Field(column_name="price", attribute="price", widget=PriceWidget())
    currency = Field(column_name="currency", attribute="currency", widget=CurrencyWidget())
    collection = Field(column_name="collection", attribute="collection", widget=CharWidget())
    tags = Field(column_name="tags", attribute="tags", widget=TagsWidget())
    photo = Field(column_name="photo", attribute=None)

    class Meta:
        model = Product
        import_id_fields = ["product_id"]
        fields = ["product_id", "name", "price", "currency", "collection", "tags", "photo"]
        instance_loader_class = CachedInstanceLoader
        use_bulk = True
        batch_size = BATCH
        skip_diff = True  # it copies each row's product, which takes longer than all the rest
        report_skipped = False

    def __init__(self, *, may_fetch: bool = False, may_move: bool = False) -> None:
        super().__init__()
        self.may_fetch = may_fetch
        self.may_move = may_move
        self.photos: dict[str, UUID | str] = {}
        self._rows: dict[str, str] = {}
        self._found: Mapping[str, UUID] = {}
        self._numbers: Mapping[UUID, str] = {}  # of the products whose photos these are
        self._before: list[Any] = []  # the values of the product of the present row
        self._columns: list[Field] = super().get_import_fields()

    def dehydrate_photo(self, product: Product) -> str:
        return str(product.source_photo_id or "")

    @override
    def get_bulk_update_fields(self) -> list[str]:
        return list(CHANGED)

    @override
    def get_import_fields(self) -> list[Field]:
        return self._columns

    @override
    def skip_row(self, instance: Product, *args: Any, **kwargs: Any) -> bool:
        return not instance._state.adding and self._before == values_of(instance)

    @override
    def before_import(self, dataset: Any, **kwargs: Any) -> None:
        names = set(dataset["photo"]) if "photo" in dataset.headers else set()
        self._found = photos_named({name for name in names if name and not is_address(name)})
        photos = ProductImage.objects.in_bulk(self._found.values())
        self._numbers = {key: photo.product_id for key, photo in photos.items()}

    @override
    def import_instance(self, instance: Product, row: Mapping[str, str], **kwargs: Any) -> None:
        """Fill a product from a row. Raise ValidationError with all that is wrong with it."""
        errors: dict[str, Any] = {}
        self._before = values_of(instance)
        try:
            super().import_instance(instance, row, **kwargs)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        try:
            instance.clean_fields(exclude=["source_photo", "created_at", *errors])
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        number = row[NUMBER]
        if (first := self._rows.setdefault(instance.product_id, number)) != number and instance.product_id:
            errors["product_id"] = [_("Row %(row)s has this product too.") % {"row": first}]
        if reason := self._photo_fault(instance.product_id, row.get("photo") or ""):
            errors["photo"] = [reason]
        if errors:
            raise ValidationError(errors)

    def _photo_fault(self, product_id: str, name: str) -> str:
        """Note the photo that a row names. Return what is wrong with it, empty if nothing is."""
        if not name:
            return ""
        if not is_address(name):
            if name not in self._found:
                return _("There is no photo with this file name. Upload it first, or write its address.")
            photo = self._found[name]
            if self._numbers[photo] != product_id and not self.may_move:
                return _("This photo is of another product. Ask for the permission to change photos.")
            self.photos[product_id] = photo
            return ""
        if not self.may_fetch:
            return _("You may not have photos fetched. Ask for the permission, or upload the file.")
        try:
            if len(name) > LONGEST_ADDRESS:
                raise AddressRefused("too long")
            web_address(name)
        except AddressRefused:
            return _("This is not an address of a photo. Write one that begins with https://.")
        self.photos[product_id] = name
        return ""


def values_of(product: Product) -> list[Any]:
    """Return what an import may change of a product."""
    return [getattr(product, field) for field in CHANGED]


def is_address(text: str) -> bool:
    """Return whether a cell names a photo by its address, right or wrong."""
    return "://" in text


def photos_named(names: Iterable[str]) -> dict[str, UUID]:
    """Return the catalogue's photo for each of the names that is known.

    A name is that of an uploaded file, a photo's id as in our exports, or a product's number with an ending.
    """
    found: dict[str, UUID] = {}
    photos = with_files(catalogue()).filter(is_active=True)
    for part in batched(names, BATCH, strict=False):
        stems = {name.rpartition(".")[0] or name: name for name in part}
        for number, photo in (
            photos.filter(product_id__in=stems).order_by("created_at").values_list("product_id", "pk")
        ):
            found[stems[number]] = photo
        sent = UploadAttempt.objects.filter(file_name__in=part, product_image__in=photos).order_by("at")
        found |= dict(sent.values_list("file_name", "product_image"))
        ids = {key: name for name in part if (key := as_uuid(name)) is not None}
        found |= {ids[key]: key for key in photos.filter(pk__in=ids).values_list("pk", flat=True)}
    return found
