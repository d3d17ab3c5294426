"""The forms of the board: what it shows, and what to fill."""

from typing import Any, Final, override
from uuid import UUID

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from config.core.search import check_search
from models_library.models import Category, ModelImage
from models_library.selectors import model_image_list
from tryon.batches.models import NamedRecipe
from tryon.batches.plans import MOST_PAIRS
from tryon.board.cells import Place
from tryon.catalogue.models import Product
from tryon.models import GarmentCategory

MOST_COLUMNS: Final = 40


class BoardForm(forms.Form):
    """The choice of products and model photos. Every field may be empty."""

    q = forms.CharField(label=_("Product"), required=False, max_length=100, validators=[check_search])
    collection = forms.ChoiceField(label=_("Collection"), required=False)
    tag = forms.CharField(label=_("Tag"), required=False, max_length=60)
    category = forms.ChoiceField(
        label=_("Garment"), required=False, choices=[("", _("All")), *GarmentCategory.choices]
    )
    models = forms.ChoiceField(
        label=_("Model photos"), required=False, choices=[("", _("All")), *Category.choices]
    )
    model_tag = forms.CharField(label=_("Tag of the model photos"), required=False, max_length=60)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        names = (
            Product.objects.exclude(collection="").order_by("collection").values_list("collection", flat=True)
        )
        choices = [(name, name) for name in names.distinct()[:200]]
        self.fields["collection"].choices = [("", _("All")), *choices]  # type: ignore[attr-defined]

    def products(self) -> QuerySet[Product]:
        """Return the chosen products in the order of the board; none if a field is wrong."""
        if not self.is_valid():
            return Product.objects.none()
        wanted, products = self.cleaned_data, Product.objects.order_by("product_id")
        for word in wanted["q"].replace("\0", " ").split():
            products = products.filter(Q(product_id__icontains=word) | Q(name__icontains=word))
        if wanted["collection"]:
            products = products.filter(collection=wanted["collection"])
        if wanted["tag"]:
            products = products.filter(tags__icontains=wanted["tag"])
        if wanted["category"]:
            products = products.filter(source_photo__category=wanted["category"])
        return products

    def model_photos(self) -> list[ModelImage]:
        """Return the chosen model photos that can be used now, at most 40, by name."""
        if not self.is_valid():
            return []
        photos = model_image_list(category=self.cleaned_data["models"])
        if self.cleaned_data["model_tag"]:
            photos = photos.filter(tags__icontains=self.cleaned_data["model_tag"])
        return list(photos.order_by("name", "id")[:MOST_COLUMNS])


class PlacesField(forms.Field):
    """Places of the board, each as ``PRODUCT:MODEL``. One value may have several, with spaces between them.

    Django takes 1,000 values of a form, and a choice may be larger.
    """

    widget = forms.MultipleHiddenInput

    @override
    def to_python(self, value: Any) -> list[Place]:
        try:
            places = [place.split(":") for place in " ".join(value or []).split()]
            return [(UUID(product), UUID(model)) for product, model in places]
        except ValueError as error:
            raise forms.ValidationError(_("This choice is damaged. Choose the cells again.")) from error


class FillForm(forms.Form):
    """The pairs to plan: the chosen places, or those that are missing, for a number of credits.

    Or the chosen places on which two recipes are to be compared.
    """

    CELLS, MISSING, COMPARE = "cells", "missing", "compare"

    choice = forms.ChoiceField(choices=[(name, name) for name in (CELLS, MISSING, COMPARE)])
    place = PlacesField(required=False)
    credits = forms.IntegerField(label=_("Credits at most"), required=False, min_value=1, max_value=1_000_000)
    recipe = forms.ModelChoiceField(
        label=_("Recipe"),
        queryset=NamedRecipe.objects.filter(is_active=True),
        required=False,
        empty_label=_("Standard"),
    )

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if len(cleaned.get("place", ())) > MOST_PAIRS:
            text = _("A plan has at most %(most)d try-ons. Choose fewer cells.")
            raise forms.ValidationError(text, params={"most": MOST_PAIRS})
        if cleaned.get("choice") in (self.CELLS, self.COMPARE) and not cleaned.get("place"):
            self.add_error("place", _("Choose at least one cell."))
        if cleaned.get("choice") == self.MISSING and not cleaned.get("credits"):
            self.add_error("credits", _("Say how many credits the plan may cost."))
        return cleaned
