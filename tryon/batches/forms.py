"""The forms of plans, of recipes and of a batch's turn."""

import re
from typing import Any, Final, override
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.search import check_search
from models_library.models import Category
from tryon.batches.choice import (
    LeftOut,
    collections,
    left_out,
    numbers_unknown,
    photos_by_filter,
    photos_by_number,
)
from tryon.batches.models import Batch, NamedRecipe
from tryon.batches.plans import MOST_PAIRS
from tryon.batches.sources import FIELDS_OF, WORDS_SHOWN, ChosenBy, Source
from tryon.fashn.options import RESOLUTIONS, OptionError, TryOnOptions
from tryon.models import GarmentCategory

MODES: Final = [
    ("performance", _("Fast")),
    ("balanced", _("Balanced")),
    ("quality", _("Best quality")),
]
MOST_CREDITS: Final = 1_000_000
UNKNOWN_SHOWN: Final = 5
MOST_TRIES: Final = 10
OPTION_FIELDS: Final = ("mode", "resolution", "background", "garment")


class OptionsForm(forms.Form):
    """The options of a try-on. ``options()`` returns them."""

    mode = forms.ChoiceField(label=_("Mode"), choices=MODES, initial="balanced")
    resolution = forms.ChoiceField(
        label=_("Resolution"),
        required=False,
        choices=[("", _("Standard")), *((name, name) for name in RESOLUTIONS)],
        help_text=_("A resolution costs up to 5 credits in place of 1."),
    )
    background = forms.CharField(
        label=_("Background"),
        required=False,
        max_length=20,
        help_text=_("A colour such as white or #f5f5f5. It costs one credit more. Empty: as photographed."),
    )
    garment = forms.ChoiceField(
        label=_("Garment"),
        required=False,
        choices=[("", _("As the photos say")), *GarmentCategory.choices],
    )

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                cleaned["options"] = options_of(cleaned)
            except OptionError as error:
                field = "garment" if error.field == "category" else error.field
                self.add_error(field, gettext(error.message) % error.words)
        return cleaned


def options_of(cleaned: dict[str, Any]) -> TryOnOptions:
    """Return the options that a form's fields name. Raise OptionError."""
    resolution, mode = cleaned.get("resolution") or None, cleaned.get("mode") or None
    if resolution is not None and mode == "performance":
        mode = "fast"  # its name with a resolution
    return TryOnOptions(
        mode=mode,
        resolution=resolution,
        background=cleaned.get("background") or None,
        category=cleaned.get("garment") or None,
    )


class PlanForm(OptionsForm):
    """A new plan: products, model photos, options, limits. ``search`` only looks for model photos."""

    name = forms.CharField(label=_("Name"), required=False, max_length=200)
    source = forms.ChoiceField(
        label=_("Product photos"), choices=Source, widget=forms.RadioSelect, initial=Source.ALL
    )
    products = forms.CharField(required=False, widget=forms.HiddenInput)
    numbers = forms.CharField(
        label=_("Numbers of products"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "cols": 40}),
        help_text=_("One number a line, or with commas between them, as a spreadsheet copies them."),
    )
    collection = forms.ChoiceField(label=_("Collection"), required=False)
    tag = forms.CharField(label=_("Tag"), required=False, max_length=100)
    category = forms.ChoiceField(
        label=_("Category"), required=False, choices=[("", _("All")), *GarmentCategory.choices]
    )
    models = forms.CharField(required=False, widget=forms.MultipleHiddenInput)
    model_category = forms.ChoiceField(
        label=_("Body"), required=False, choices=[("", _("All")), *Category.choices]
    )
    q = forms.CharField(label=_("Name or tag"), required=False, max_length=100, validators=[check_search])
    recipe = forms.ModelChoiceField(
        label=_("Recipe"),
        queryset=NamedRecipe.objects.filter(is_active=True),
        required=False,
        empty_label=_("None: the options below"),
    )
    recipe_name = forms.CharField(
        label=_("Save as a recipe"),
        required=False,
        max_length=100,
        help_text=_("A name for these options, to choose them again."),
    )
    tries = forms.IntegerField(
        label=_("Pictures of each pair"),
        required=False,
        initial=1,
        min_value=1,
        max_value=MOST_TRIES,
        help_text=_(
            "Each has a seed of its own and costs as much as the first. Approve the best in the review."
        ),
    )
    max_credits = forms.IntegerField(
        label=_("Credits at most"),
        required=False,
        min_value=1,
        max_value=MOST_CREDITS,
        help_text=_("The plan leaves out what costs more. Empty: no limit."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mode"].required = False
        choices = [("", _("All")), *((name, name) for name in collections())]
        self.fields["collection"].choices = choices  # type: ignore[attr-defined]

    def clean_recipe_name(self) -> str:
        name: str = self.cleaned_data["recipe_name"]
        if name and NamedRecipe.objects.filter(name=name).exists():
            raise forms.ValidationError(_("There is a recipe with this name. Choose another name."))
        return name

    def clean_products(self) -> list[UUID]:
        return ids_in(self.cleaned_data["products"])

    def clean_numbers(self) -> list[str]:
        numbers = [part for part in re.split(r"[\s,;]+", self.cleaned_data["numbers"]) if part]
        return list(dict.fromkeys(numbers))[: MOST_PAIRS + 1]

    @override
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("recipe"):
            try:
                cleaned["options"] = TryOnOptions.from_mapping(cleaned["recipe"].options)
            except OptionError:
                self.add_error("recipe", _("Its options are no longer supported. Make a new recipe."))
            self._refuse_options_beside_recipe(cleaned)
        self._refuse_unused(cleaned)
        if cleaned.get("source") == Source.FILTER and not any(map(cleaned.get, FIELDS_OF[Source.FILTER])):
            text = gettext("Choose a collection, a tag or a category below it, or choose “All products”.")
            self.add_error("source", text)
        if cleaned.get("source") == Source.NUMBERS and (
            unknown := numbers_unknown(cleaned.get("numbers", ()))
        ):
            text = gettext("These products have no photo in the catalogue: %(numbers)s. Correct the numbers.")
            shown = ", ".join(unknown[:UNKNOWN_SHOWN]) + (" …" if len(unknown) > UNKNOWN_SHOWN else "")
            self.add_error("numbers", text % {"numbers": shown})
        return cleaned

    def _refuse_unused(self, cleaned: dict[str, Any]) -> None:
        """Add an error to each filled field that the chosen source passes over: it would plan others."""
        text = gettext("Choose “%(source)s” above to use this, or empty it.")
        others = {source: names for source, names in FIELDS_OF.items() if source != cleaned.get("source")}
        for source, names in others.items():
            for name in filter(cleaned.get, names):
                self.add_error(name, text % {"source": source.label})

    def _refuse_options_beside_recipe(self, cleaned: dict[str, Any]) -> None:
        """Add an error where options are filled in beside a recipe: they would be passed over."""
        untouched = {None, "", self.fields["mode"].initial}
        filled = [name for name in (*OPTION_FIELDS, "recipe_name") if cleaned.get(name) not in untouched]
        if filled:
            text = gettext("A recipe has options of its own. Choose no recipe, or take back: %(fields)s.")
            named = ", ".join(str(self.fields[name].label) for name in filled)
            self.add_error("recipe", text % {"fields": named})

    def product_ids(self) -> list[UUID]:
        """Return the ids of the product photos, at most one more than a plan can have."""
        cleaned = self.cleaned_data
        match cleaned["source"]:
            case Source.CHOSEN:
                return list(cleaned["products"])
            case Source.NUMBERS:
                photos = photos_by_number(cleaned["numbers"])
            case Source.FILTER:
                words = {name: cleaned[name] for name in ("collection", "tag", "category")}
                photos = photos_by_filter(**words)
            case _:
                photos = photos_by_filter()
        return list(photos.values_list("pk", flat=True)[: MOST_PAIRS + 1])

    def chosen_by(self) -> ChosenBy:
        """Return how the products are chosen, as the row of the plan keeps it."""
        source: Source = Source(self.cleaned_data["source"])
        found = (self.cleaned_data[name] for name in FIELDS_OF.get(source, ()))
        words = [word for one in found for word in ([one] if isinstance(one, str) else one) if word]
        return {"source": source.value, "words": words[:WORDS_SHOWN], "is_more": len(words) > WORDS_SHOWN}

    def without_photo(self) -> LeftOut | None:
        """Return the products that the choice names and that have no usable photo, None if there are none."""
        cleaned = self.cleaned_data
        words = {name: cleaned.get(name, "") for name in ("collection", "tag")}
        match cleaned.get("source"):
            # Photos have a category, and not products.
            case Source.FILTER if not cleaned.get("category"):
                found = left_out(**words)
            case Source.ALL:
                found = left_out()
            case _:
                return None
        return found if found["number"] else None


class RecipeForm(OptionsForm, forms.ModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """A named recipe. A change of it changes no batch that was made with it."""

    class Meta:
        model = NamedRecipe
        fields = ("name", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in self.instance.options.items():
            self.initial["garment" if name == "category" else name] = value
        if self.initial.get("mode") == "fast":
            self.initial["mode"] = "performance"

    @override
    def save(self, commit: bool = True) -> NamedRecipe:
        self.instance.options = self.cleaned_data["options"].normalised()
        saved: NamedRecipe = super().save(commit)
        return saved


class TurnForm(forms.ModelForm):  # type: ignore[type-arg]
    """A batch's turn among the others."""

    class Meta:
        model = Batch
        fields = ("priority", "not_before", "credit_floor")
        labels = {
            "priority": _("Priority"),
            "not_before": _("Not before"),
            "credit_floor": _("Credits to leave"),
        }
        help_texts = {
            "priority": _("The batch with the highest number goes first."),
            "not_before": _("Such as tonight. Your own time zone."),
            "credit_floor": _("The batch stops when FASHN's balance comes to this number."),
        }
        widgets = {
            "not_before": forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        }


def ids_in(text: str) -> list[UUID]:
    """Return the ids in a text with spaces between them, each once. Others are left out."""
    found = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text.lower())
    return [UUID(one) for one in dict.fromkeys(found)]
