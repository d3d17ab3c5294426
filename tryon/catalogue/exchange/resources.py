"""The columns of imports and exports, by django-import-export."""

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from itertools import batched
from typing import Any, Final, override
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource
from import_export.widgets import CharWidget, Widget

from config.core.outgoing.guard import AddressRefused, web_address
from config.shops.shoppers import SHOPPER
from models_library.models import ModelImage
from models_library.services import normalised_tags
from results.labels import ai_label
from results.models import TryOnResult
from tryon.catalogue.exchange.tables import NUMBER, cell_safe
from tryon.catalogue.models import Product, UploadAttempt
from tryon.models import TryOnJob
from tryon.selectors.photos import catalogue, with_files

MOST_TAGS: Final = 20
MOST_TAG_CHARACTERS: Final = 40
LONGEST_ADDRESS: Final = 2000
BATCH: Final = 500
CHANGED: Final = ("name", "price", "currency", "collection", "tags")


class PriceWidget(Widget):  # type: ignore[misc]  # the library has no types
    """A number with a point. Thousands may have commas between them."""

    @override
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        text = str(value or "").replace(" ", "")
        if not text:
            return None
        whole, point, fraction = text.partition(".")
        groups = whole.split(",")
        if len(groups) > 1 and any(len(group) != 3 for group in groups[1:]):
            raise ValueError(_("Write the price with a point, such as 1299.50."))
        try:
            price = Decimal(f"{''.join(groups)}{point}{fraction}")
        except InvalidOperation:
            price = Decimal("NaN")
        if not price.is_finite():
            raise ValueError(_("Write the price with a point, such as 1299.50."))
        if price < 0:
            raise ValueError(_("A price can't be negative."))
        return price.quantize(Decimal("0.01")) if price == price.quantize(Decimal("0.01")) else price

    @override
    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else str(value)


class CurrencyWidget(Widget):  # type: ignore[misc]
    """Three letters."""

    @override
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = str(value or "").upper()
        if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
            raise ValueError(_("Write the three letters of the currency, such as EUR or KRW."))
        return text


class TagsWidget(Widget):  # type: ignore[misc]
    """Words with commas between them."""

    @override
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[str]:
        tags = normalised_tags(str(value or "").split(","))
        if len(tags) > MOST_TAGS or any(len(tag) > MOST_TAG_CHARACTERS for tag in tags):
            text = _("Write at most %(most)d tags of at most %(length)d characters.")
            raise ValueError(text % {"most": MOST_TAGS, "length": MOST_TAG_CHARACTERS})
        return tags

    @override
    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return ", ".join(value or ())


class Sheet(ModelResource):  # type: ignore[misc]
    """Columns of a model. No cell of an export is a formula."""

    @override
    def export_resource(self, instance: Model, **kwargs: Any) -> list[Any]:
        return [cell_safe(value) for value in super().export_resource(instance, **kwargs)]


def text_of(name: str, of: str) -> Field:
    """Return a column of an export, with the text of an attribute."""
    return Field(column_name=name, attribute=of, widget=CharWidget(), readonly=True)


class ProductSheet(Sheet):
    """Products, in both directions. ``may_fetch``: the person may have photos fetched from addresses.

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

    def __init__(self, *, may_fetch: bool = False) -> None:
        super().__init__()
        self.may_fetch = may_fetch
        self.photos: dict[str, UUID | str] = {}
        self._rows: dict[str, str] = {}
        self._found: Mapping[str, UUID] = {}
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
            self.photos[product_id] = self._found[name]
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
        ids = {key: name for name in part if (key := as_id(name)) is not None}
        found |= {ids[key]: key for key in photos.filter(pk__in=ids).values_list("pk", flat=True)}
    return found


def as_id(text: str) -> UUID | None:
    """Return the id that a text is, None if it is none."""
    try:
        return UUID(text)
    except ValueError:
        return None


class ModelImageSheet(Sheet):
    """Model photos, with the terms of their releases."""

    tags = Field(column_name="tags", attribute="tags", widget=TagsWidget())
    release = text_of("release", "release_state")

    class Meta:
        model = ModelImage
        fields = [
            "id",
            "name",
            "category",
            "tags",
            "is_active",
            "release",
            "release_territory",
            "release_from",
            "release_until",
            "is_ai_made",
            "width",
            "height",
            "created_at",
        ]


class ResultSheet(Sheet):
    """Results on model photos: ids, product, model, recipe, review, credits and the notice of AI."""

    product = text_of("product", "job__product_image__product_id")
    product_image = text_of("product_image", "job__product_image_id")
    model = text_of("model", "job__model_image__name")
    model_image = text_of("model_image", "job__model_image_id")
    recipe = Field(column_name="recipe")
    ai_label = Field(column_name="ai_label")

    class Meta:
        model = TryOnResult
        fields = [
            "id",
            "job",
            "product",
            "product_image",
            "model",
            "model_image",
            "recipe",
            "review",
            "credits_used",
            "ai_label",
            "width",
            "height",
            "created_at",
            "expires_at",
        ]

    def dehydrate_recipe(self, result: TryOnResult) -> str:
        return json.dumps(result.job.options, sort_keys=True, ensure_ascii=False)

    def dehydrate_ai_label(self, result: TryOnResult) -> str:
        return ai_label()["text"]


class JobSheet(Sheet):
    """Jobs. Of those on a shopper's photo the columns about the model are empty. No shopper is named."""

    product = text_of("product", "product_image__product_id")
    model = text_of("model", "model_image__name")
    recipe = Field(column_name="recipe")

    class Meta:
        model = TryOnJob
        fields = [
            "id",
            "status",
            "product",
            "product_image",
            "model",
            "model_image",
            "recipe",
            "lane",
            "requester",
            "error_code",
            "retry_count",
            "is_test",
            "created_at",
            "started_at",
            "completed_at",
        ]

    def dehydrate_recipe(self, job: TryOnJob) -> str:
        return json.dumps(job.options, sort_keys=True, ensure_ascii=False)

    def dehydrate_requester(self, job: TryOnJob) -> str:
        # A file outlives the erasure of a shopper.
        return SHOPPER.rstrip(":") if job.requester.startswith(SHOPPER) else job.requester


SHEETS: Final[dict[type[Model], type[Sheet]]] = {
    Product: ProductSheet,
    ModelImage: ModelImageSheet,
    TryOnResult: ResultSheet,
    TryOnJob: JobSheet,
}


def sheet_rows(queryset: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows with what their sheet reads of other rows."""
    related = {
        TryOnResult: ("job__product_image", "job__model_image"),
        TryOnJob: ("product_image", "model_image"),
    }.get(queryset.model, ())
    return queryset.select_related(*related) if related else queryset
