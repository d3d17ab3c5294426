"""Shops in the admin."""

from typing import TYPE_CHECKING, Any, ClassVar, override

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.cache import caches
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import StudioAdmin, count_of
from config.core.admin.widgets import link_to_list
from config.shops.keys import shop_forget
from config.shops.models import Shop
from config.shops.names import NAMES
from config.shops.origins import origin_in

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django_stubs_ext import WithAnnotations

    type CountedShop = WithAnnotations[Shop]


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea(attrs={"rows": 4, "cols": 50})

    @override
    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    @override
    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class ShopForm(forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """The form of a shop."""

    allowed_origins = LinesField(
        label=capfirst(_("allowed origins")),
        required=False,
        help_text=_(
            "The shop's pages, one a line, such as https://shop.example: browsers may call from there."
        ),
    )
    languages = forms.MultipleChoiceField(
        label=capfirst(_("languages")),
        required=False,
        choices=settings.LANGUAGES,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Shop
        fields: ClassVar = [
            "name",
            "allowed_origins",
            "languages",
            "daily_credits",
            "shopper_daily_credits",
            "is_active",
        ]

    def clean_allowed_origins(self) -> list[str]:
        lines = [line for line in self.cleaned_data["allowed_origins"].splitlines() if line.strip()]
        try:
            return list(dict.fromkeys(origin_in(line) for line in lines))
        except ValueError as error:
            raise forms.ValidationError(
                _("Write each as https:// and the host: %(line)s is no origin."), params={"line": str(error)}
            ) from error


@admin.register(Shop)
class ShopAdmin(StudioAdmin[Shop]):
    """Add, limit and switch off shops. A shop that has ever worked stays: rows belong to it."""

    form = ShopForm
    list_display = ["name", "is_active", "key_list", "origins", "daily_credits", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name"]
    readonly_fields = ["id", "created_at"]

    @override
    def get_queryset(self, request: HttpRequest) -> "QuerySet[Shop]":
        shops: QuerySet[Shop] = super().get_queryset(request)
        return shops.annotate(key_count=count_of(Shop, "keys"))

    @override
    def get_fields(self, request: HttpRequest, obj: Shop | None = None) -> list[Any]:
        return [*ShopForm.Meta.fields] if obj is None else [*ShopForm.Meta.fields, *self.readonly_fields]

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Shop | None = None) -> bool:
        return False

    @override
    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: Any) -> None:
        if change:
            obj.save(update_fields=form.changed_data)
        else:
            obj.save()
        caches["process"].delete(NAMES)
        transaction.on_commit(lambda: shop_forget(obj))

    @admin.display(description=_("API keys"), ordering="key_count")
    def key_list(self, shop: Any) -> SafeString:
        return link_to_list("api_apikey", shop.key_count, shop=shop.pk)

    @admin.display(description=_("allowed origins"))
    def origins(self, shop: Shop) -> str:
        return ", ".join(shop.allowed_origins)
