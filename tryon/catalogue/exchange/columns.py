"""The columns of imports and exports: how a cell is read, and how it is written."""

from decimal import Decimal, InvalidOperation
from typing import Any, Final, override

from django.db.models import Model
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.resources import ModelResource
from import_export.widgets import CharWidget, Widget

from models_library.services import normalised_tags
from tryon.catalogue.exchange.tables import cell_safe

MOST_TAGS: Final = 20
MOST_TAG_CHARACTERS: Final = 40


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
