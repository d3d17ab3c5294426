"""Products in the admin, with their photos."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypedDict, override

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db.models import Count, Field, ForeignKey, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import DeletesOneByOne, StudioAdmin, count_of
from config.core.admin.widgets import TagsField, link_to_list, moment, thumbnail
from config.shops.abilities import Ability, is_allowed
from models_library.services import normalised_tags
from results.models import TryOnResult
from tryon.catalogue.models import Product
from tryon.catalogue.sources import PhotoFilter
from tryon.catalogue.worn import jobs_with, results_with
from tryon.models import ProductImage, Status
from tryon.selectors.photos import with_files

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    class Photos(TypedDict):
        photo_count: int

    CountedProduct = WithAnnotations[Product, Photos]

# A season has some dozens. More than these are found by the search.
WHOLE: Final = frozenset({"CLP", "ISK", "JPY", "KRW", "VND"})  # currencies without cents
MOST_COLLECTIONS: Final = 100


PHOTOS_SHOWN: Final = 60
RESULTS_SHOWN: Final = 24


class CollectionFilter(admin.SimpleListFilter):
    """Filter by collection."""

    title = _("collection")
    parameter_name = "collection"
    field: ClassVar[str] = "collection"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        names = Product.objects.exclude(collection="").order_by("collection")
        found = names.values_list("collection", flat=True).distinct()[:MOST_COLLECTIONS]
        return [(name, name) for name in found]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class PhotoChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # at run time it takes none
    """One of a product's photos, named by its view."""

    @override
    def label_from_instance(self, obj: Any) -> str:
        return " · ".join(filter(None, [obj.view, moment(obj.created_at)]))


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """A product. Its currency is written in capitals."""

    tags = TagsField(label=_("Tags"), required=False, widget=forms.TextInput(attrs={"class": "vTextField"}))
    CURRENCY: ClassVar[Any] = _("Write the three letters of the currency, such as EUR or KRW.")

    def clean_tags(self) -> list[str]:
        return normalised_tags(self.cleaned_data["tags"])

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].strip().upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise forms.ValidationError(self.CURRENCY)
        return currency


@dataclass(frozen=True, slots=True)
class ProductShown:
    """The content of a product's page below its fields. A person sees only what they may see elsewhere too.

    ``jobs`` has the number of try-ons in each status, in words.
    """

    photos: Sequence[ProductImage] = ()
    jobs: Sequence[tuple[str, int]] = ()
    results: Sequence[TryOnResult] = ()


@admin.register(Product)
class ProductAdmin(DeletesOneByOne, StudioAdmin[Product]):
    """The things that the shop sells, each with its photos."""

    form = ProductForm
    change_form_template = "admin/catalogue/product.html"
    list_display = [
        "picture",
        "product_id",
        "name",
        "cost",
        "collection",
        "tag_list",
        "photo_list",
        "created",
    ]
    list_display_links = ["picture", "product_id"]
    list_filter = [CollectionFilter, PhotoFilter, "created_at"]
    list_select_related = ["source_photo"]
    search_fields = ["product_id", "name", "collection", "tags"]
    search_help_text = _("Product, name, collection or tags.")
    fields = ["product_id", "name", ("price", "currency"), "collection", "tags", "source_photo", "created_at"]
    readonly_fields = ["created_at"]

    @override
    def get_queryset(self, request: HttpRequest) -> "QuerySet[CountedProduct]":
        return super().get_queryset(request).annotate(photo_count=count_of(Product, "photos"))

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> list[str]:
        """Keep the number of a product: photos, files and orders name it."""
        return [*self.readonly_fields, *(["product_id"] if obj is not None else ["source_photo"])]

    @override
    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "forms.ModelChoiceField[Any] | None":
        """Offer the product's own photos."""
        match = request.resolver_match
        product = match.kwargs.get("object_id") if match else None
        own = ProductImage.objects.filter(catalogue_product=product).exclude(processed="")
        kwargs |= {"queryset": own.order_by("created_at"), "form_class": PhotoChoice}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @override
    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        """Leave out Django's buttons beside the source photo: the page shows all photos."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    @override
    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Product | None = None,
    ) -> HttpResponse:
        if obj is not None:
            context["shown"] = product_shown(obj, request)
        return super().render_change_form(request, context, add, change, form_url, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        """Keep a product that has photos: they would lose its name and price."""
        has_photos = obj is not None and obj.photos.exists()
        return not has_photos and super().has_delete_permission(request, obj)

    @admin.display(description=_("photo"))
    def picture(self, product: Product) -> SafeString:
        photo = product.source_photo
        return SafeString("-") if photo is None else thumbnail(photo.thumbnail, product.product_id)

    @admin.display(description=_("price"), ordering="price")
    def cost(self, product: Product) -> str:
        if product.price is None:
            return ""
        is_whole = product.currency in WHOLE and product.price == int(product.price)
        price = int(product.price) if is_whole else product.price
        return f"{price:,} {product.currency}".strip()

    @admin.display(description=_("tags"))
    def tag_list(self, product: Product) -> str:
        return ", ".join(product.tags)

    @admin.display(description=_("photos"), ordering="photo_count")
    def photo_list(self, product: "CountedProduct") -> SafeString:
        return link_to_list("tryon_productimage", product.photo_count, catalogue_product=product.pk)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, product: Product) -> str:
        return moment(product.created_at)


def product_shown(product: Product, request: HttpRequest) -> ProductShown:
    """Return a product's photos, try-ons by status and newest results, as far as the person may see them."""
    user = request.user
    photos: Sequence[ProductImage] = ()
    jobs: Sequence[tuple[str, int]] = ()
    results: Sequence[TryOnResult] = ()
    if is_allowed(user, Ability.USE_ANY_PHOTO):
        photos = tuple(with_files(product.photos.order_by("-is_active", "view", "created_at"))[:PHOTOS_SHOWN])
    if is_allowed(user, Ability.SEE_ALL_JOBS):
        counts = dict(jobs_with(product.pk).order_by().values_list("status").annotate(number=Count("pk")))
        jobs = tuple((str(status.label), counts[status]) for status in Status if status in counts)
    if is_allowed(user, Ability.SEE_ALL_RESULTS):
        own = results_with(product.pk)
        results = tuple(own.select_related("job__model_image").order_by("-created_at", "id")[:RESULTS_SHOWN])
    return ProductShown(photos, jobs, results)
