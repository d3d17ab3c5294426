"""Product photos in the admin: add them, find them, try them on."""

import json
from typing import Any, Final, override

from django import forms
from django.contrib import admin
from django.contrib.admin import ActionLocation
from django.db.models import JSONField, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import UploadAdmin, count_of
from config.core.admin.widgets import (
    PhotosField,
    TagsField,
    file_stem,
    large_picture,
    link_to,
    moment,
    pixels,
    thumbnail,
)
from config.core.images import ImageWarning
from config.people.models import preferences_of, upload_pattern_keep
from config.shops.abilities import Ability
from config.shops.names import ShopFilter, requester_words
from models_library.admin import TAGS_HELP
from models_library.services import normalised_tags
from tryon.admin.erasing import ErasesPhotos
from tryon.admin.replacing import ReplacesPhotos
from tryon.admin.usage import ShowsUsage
from tryon.batches.pages import new_plan
from tryon.batches.plans import MOST_PAIRS
from tryon.catalogue.admin import CollectionFilter
from tryon.catalogue.drops import TakesDrops
from tryon.catalogue.lists import LibraryLists
from tryon.catalogue.names import DEFAULT_PATTERN, is_pattern, name_parts
from tryon.catalogue.services import photo_add, photo_update
from tryon.models import GarmentCategory, ProductImage
from tryon.services.products import storable_metadata

NOT_METADATA: Final = _('Write a JSON object such as {"colour": "red"}, at most 20 levels deep.')


class Decoder(json.JSONDecoder):
    """Refuse endless brackets like any other text that is no JSON."""

    @override
    def decode(self, s: str, *args: Any) -> Any:
        try:
            return super().decode(s, *args)
        except RecursionError as error:
            raise json.JSONDecodeError("Too deep", s, 0) from error


NO_PATTERN: Final = _(
    "Write {product} once, and {view} at most once, with a character such as _ between them."
)
METADATA_FIELD: Final[dict[str, Any]] = {"decoder": Decoder, "error_messages": {"invalid": NOT_METADATA}}


class MetadataForm(forms.Form):
    """A form with a field ``metadata``."""

    def clean_metadata(self) -> dict[str, Any]:
        metadata = self.cleaned_data["metadata"] or {}
        if not storable_metadata(metadata):
            raise forms.ValidationError(NOT_METADATA)
        return metadata


class ProductImageForm(MetadataForm, forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """A product photo in the catalogue."""

    tags = TagsField(
        label=_("Tags"),
        required=False,
        help_text=TAGS_HELP,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def clean_tags(self) -> list[str]:
        return normalised_tags(self.cleaned_data["tags"])


class ProductImageUploadForm(MetadataForm):
    """New product photos for the shop's catalogue. Its names may have a pattern."""

    photos = PhotosField(
        label=_("Photos"),
        help_text=_("JPEG, PNG, WebP, AVIF or HEIC, up to 20 MB each. One garment, laid flat or worn."),
    )
    product_id = forms.CharField(
        label=_("Product"),
        max_length=100,
        required=False,
        help_text=_("The shop's own number, for all photos. Empty: each file's name has its product."),
    )
    pattern = forms.CharField(
        label=_("Pattern of the names"),
        max_length=60,
        initial=DEFAULT_PATTERN,
        required=False,
        help_text=_("SKU-1_front.jpg has {product} SKU-1 and {view} front. Other names are the product."),
    )
    category = forms.ChoiceField(
        label=_("Category"), choices=[("", _("FASHN finds it")), *GarmentCategory.choices], required=False
    )
    tags = TagsField(label=_("Tags"), required=False, help_text=TAGS_HELP)
    metadata = forms.JSONField(
        label=_("Metadata"),
        required=False,
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 40}),
        help_text=_('Anything the shop wants to keep with the photo, as a JSON object: {"colour": "red"}.'),
        **METADATA_FIELD,
    )

    def clean_pattern(self) -> str:
        pattern: str = self.cleaned_data["pattern"] or self["pattern"].initial
        if not is_pattern(pattern):
            raise forms.ValidationError(NO_PATTERN)
        return pattern


class SourceFilter(admin.SimpleListFilter):
    """Filter by source: the shop's own photos, or photos uploaded over the API."""

    title = _("source")
    parameter_name = "source"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("catalogue", _("Catalogue")), ("api", _("Uploaded over the API"))]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[ProductImage]) -> QuerySet[ProductImage]:
        if self.value() == "catalogue":
            return queryset.filter(requester="")
        return queryset.exclude(requester="") if self.value() == "api" else queryset


class PhotoCollectionFilter(CollectionFilter):
    """Filter by the collection of the photo's product."""

    field = "catalogue_product__collection"


class PhotoShopFilter(ShopFilter):
    """Filter by shop: its photos, and those of its shoppers."""

    field = "shop"


@admin.register(ProductImage)
class ProductImageAdmin(
    ErasesPhotos, ReplacesPhotos, ShowsUsage, LibraryLists, TakesDrops, UploadAdmin[ProductImage]
):
    """The picture itself never changes: a new picture is a new photo."""

    form = ProductImageForm
    upload_form = ProductImageUploadForm
    formfield_overrides = {JSONField: METADATA_FIELD}
    list_display = [
        "picture",
        "product",
        "view",
        "category",
        "tag_list",
        "is_active",
        "source",
        "size",
        "job_list",
        "approval",
        "created",
    ]
    list_display_links = ["picture", "product"]
    usage_lookup = "product_image"
    list_filter = [
        SourceFilter,
        "is_active",
        "category",
        PhotoCollectionFilter,
        PhotoShopFilter,
        "is_test",
        "created_at",
    ]
    link_lookups = ["catalogue_product"]
    search_fields = ["product_id", "tags", "view", "catalogue_product__name", "requester"]
    search_help_text = _("Product, its name, tags, view or requester.")
    fields = [
        "large",
        "product_id",
        "product_link",
        "view",
        "category",
        "tags",
        "is_active",
        "metadata",
        "source",
        "size",
        "job_list",
        "usage_words",
        "stale",
        "created_at",
    ]
    readonly_fields = [
        "large",
        "product_link",
        "source",
        "size",
        "job_list",
        "usage_words",
        "stale",
        "created_at",
    ]
    actions = ["try_on", "edit_many", "replace", "erase"]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: ProductImage | None = None) -> list[str]:
        """Leave alone what a shop uploaded: its photos are described nowhere, and it erases them itself."""
        of_shop = obj is not None and obj.requester
        return [*self.readonly_fields, *(["view", "category", "tags", "is_active"] if of_shop else [])]

    @override
    def has_delete_permission(self, request: HttpRequest, obj: ProductImage | None = None) -> bool:
        return False

    def has_start_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may spend credits."""
        return request.user.has_perm(Ability.START_TRYONS)

    @override
    def upload_initial(self, request: HttpRequest) -> dict[str, Any]:
        return {"pattern": preferences_of(request.user).upload_pattern or DEFAULT_PATTERN}

    @override
    def upload_remember(self, request: HttpRequest, fields: dict[str, Any]) -> None:
        upload_pattern_keep(request.user, fields["pattern"])

    @override
    def take_in(self, file: Any, fields: dict[str, Any]) -> tuple[ProductImage, tuple[ImageWarning, ...]]:
        parts = name_parts(file_stem(file.name, 200), fields["pattern"])
        return photo_add(
            file=file,
            product_id=fields["product_id"] or parts.product,
            metadata=fields["metadata"],
            category=fields["category"],
            view=parts.view,
            tags=normalised_tags(fields["tags"]),
        )

    @override
    def save_model(self, request: HttpRequest, obj: ProductImage, form: Any, change: Any) -> None:
        photo_update(obj, form.changed_data)

    @admin.action(
        description=_("Try on…"),
        permissions=["start"],
        location=[ActionLocation.CHANGE_LIST, ActionLocation.CHANGE_FORM],
    )
    def try_on(self, request: HttpRequest, queryset: QuerySet[ProductImage]) -> HttpResponse:
        """Plan try-ons with the chosen photos."""
        return new_plan(request, queryset.values_list("pk", flat=True)[: MOST_PAIRS + 1])

    @admin.display(description=_("photo"))
    def picture(self, photo: ProductImage) -> SafeString:
        return thumbnail(photo.thumbnail, photo.product_id)

    @admin.display(description=_("photo"))
    def large(self, photo: ProductImage) -> SafeString:
        return large_picture(photo.processed, photo.thumbnail, photo.product_id)

    @admin.display(description=_("product"), ordering="product_id")
    def product(self, photo: ProductImage) -> str:
        return str(photo)

    @admin.display(description=_("product of the catalogue"))
    def product_link(self, photo: ProductImage) -> SafeString:
        product = photo.catalogue_product
        return SafeString("-") if product is None else link_to("catalogue_product", product.pk, product)

    @admin.display(description=_("source"), ordering="requester")
    def source(self, photo: ProductImage) -> str:
        return requester_words(photo.requester) or gettext("Catalogue")

    @admin.display(description=_("size"))
    def size(self, photo: ProductImage) -> str:
        return pixels(photo.width, photo.height)

    @admin.display(description=_("try-ons"), ordering=count_of(ProductImage, "jobs"))
    def job_list(self, photo: ProductImage) -> SafeString:
        return self.usage_link(photo)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, photo: ProductImage) -> str:
        return moment(photo.created_at)
