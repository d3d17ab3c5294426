"""The form of a new comparison."""

from typing import Any, Final, override
from uuid import UUID

from django import forms
from django.db.models import Min, QuerySet
from django.utils.translation import gettext_lazy as _

from models_library.models import ModelImage
from tryon.batches.models import Batch, BatchItem, NamedRecipe
from tryon.catalogue.models import Product
from tryon.comparisons.services import MOST_PAIRS
from tryon.models import ProductImage

MOST_CHOICES: Final = 200


class ComparisonForm(forms.Form):
    """Two recipes, and the pairs: chosen on another page, of a batch, or products on model photos.

    ``chosen`` has the pairs of photos, each as ``PRODUCT:MODEL``, with spaces between them.
    """

    name = forms.CharField(label=_("Name"), max_length=100, required=False)
    recipe_a = forms.ModelChoiceField(
        label=_("Recipe A"), queryset=NamedRecipe.objects.filter(is_active=True)
    )
    recipe_b = forms.ModelChoiceField(
        label=_("Recipe B"), queryset=NamedRecipe.objects.filter(is_active=True)
    )
    chosen = forms.CharField(required=False, widget=forms.HiddenInput)
    batch = forms.ModelChoiceField(label=_("Pairs of a batch"), queryset=Batch.objects.none(), required=False)
    collection = forms.ChoiceField(label=_("Or a collection"), required=False)
    numbers = forms.CharField(
        label=_("Or product numbers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("With blanks or commas between them."),
    )
    models = forms.ModelMultipleChoiceField(
        label=_("On these model photos"),
        queryset=ModelImage.objects.none(),
        required=False,
        help_text=_("Not for a batch, which has its own."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["batch"].queryset = Batch.objects.order_by("-created_at")
        fields["models"].queryset = ModelImage.objects.filter(is_active=True).order_by("name")
        names = Product.objects.exclude(collection="").order_by("collection")
        chosen = names.values_list("collection", flat=True).distinct()[:MOST_CHOICES]
        fields["collection"].choices = [("", "-"), *((name, name) for name in chosen)]

    def clean_chosen(self) -> list[tuple[UUID, UUID]]:
        try:
            pairs = [pair.split(":") for pair in self.cleaned_data["chosen"].split()[: MOST_PAIRS + 1]]
            return [(UUID(product), UUID(model)) for product, model in pairs]
        except ValueError as error:
            raise forms.ValidationError(_("This choice is damaged. Choose the pairs again.")) from error

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("recipe_a") and cleaned.get("recipe_a") == cleaned.get("recipe_b"):
            self.add_error("recipe_b", _("Choose two different recipes."))
        if not (cleaned.get("chosen") or cleaned.get("batch") or self.errors.get("chosen")):
            if not cleaned.get("models"):
                self.add_error("models", _("Choose model photos, or a batch."))
            if not (cleaned.get("collection") or cleaned.get("numbers", "").strip()):
                self.add_error("numbers", _("Choose a collection or products, or a batch."))
        return cleaned

    def pairs(self) -> list[tuple[UUID, UUID]]:
        """Return the photos of the chosen pairs, at most one more than a comparison takes."""
        if chosen := self.cleaned_data["chosen"]:
            return list(chosen)
        if batch := self.cleaned_data["batch"]:
            items = BatchItem.objects.filter(
                batch=batch, product_image__isnull=False, model_image__isnull=False
            )
            # Of several pictures of a pair, one stands for it.
            first = items.values_list("product_image", "model_image").annotate(first=Min("pk"))
            return [(product, model) for product, model, _first in first.order_by("first")[: MOST_PAIRS + 1]]
        models = [model.pk for model in self.cleaned_data["models"]]
        products = self._products().values_list("pk", flat=True)[: MOST_PAIRS + 1]
        return [(product, model) for product in products for model in models]

    def _products(self) -> QuerySet[ProductImage]:
        photos = ProductImage.objects.filter(requester="", is_test=False).exclude(processed="")
        if numbers := self.cleaned_data["numbers"].replace(",", " ").split():
            return photos.filter(product_id__in=numbers[: MOST_PAIRS + 1]).order_by("product_id", "pk")
        return photos.filter(catalogue_product__collection=self.cleaned_data["collection"]).order_by(
            "product_id", "pk"
        )
