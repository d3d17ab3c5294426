"""Bulk try-ons of many products on many models: choose, see the price, start."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, override

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import sentence
from config.core.errors import DomainError
from config.shops.callers import person_calling
from models_library.models import Category, ModelImage
from models_library.selectors import model_image_list
from tryon.fashn.inputs import total_credits
from tryon.fashn.options import DEFAULT_MODE, OptionError, TryOnOptions
from tryon.models import Lane, ProductImage
from tryon.selectors.photos import with_files
from tryon.services.generate import tryon_generate
from tryon.services.reuse import Reuse

# Each try-on takes a few database queries. This many take seconds, not minutes.
MOST_TRYONS: Final = 200


class BatchForm(forms.Form):
    """The choice of models and options."""

    models = forms.ModelMultipleChoiceField(
        label=_("Model photos"),
        queryset=ModelImage.objects.none(),
        error_messages={"required": _("Choose at least one model photo.")},
    )
    mode = forms.ChoiceField(
        label=_("Mode"),
        choices=[
            ("performance", _("Fast")),
            ("balanced", _("Balanced")),
            ("quality", _("Best quality")),
        ],
        initial=DEFAULT_MODE,
    )
    background = forms.CharField(
        label=_("Background"),
        required=False,
        max_length=20,
        help_text=_("A colour such as white or #f5f5f5. It costs one credit more. Empty: as photographed."),
    )

    def __init__(self, data: Any, *, products: int) -> None:
        super().__init__(data)
        self.products = products
        self.fields["models"].queryset = model_image_list()  # type: ignore[attr-defined]

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.products * len(cleaned.get("models", ())) > MOST_TRYONS:
            text = gettext("That is more than %(most)d try-ons. Choose fewer.")
            self.add_error("models", text % {"most": MOST_TRYONS})
        try:
            cleaned["options"] = TryOnOptions(
                mode=cleaned.get("mode"), background=cleaned.get("background") or None
            )
        except OptionError as error:
            self.add_error(error.field, gettext(error.message) % error.words)
        return cleaned

    def groups(self) -> list[tuple[str, list[tuple[ModelImage, bool]]]]:
        """Return the photos by category, each with a flag that says if it is chosen."""
        chosen = {str(key) for key in self["models"].value() or ()}
        groups: dict[str, list[tuple[ModelImage, bool]]] = {category: [] for category in Category}
        for photo in model_image_list().order_by("name"):
            groups[photo.category].append((photo, str(photo.pk) in chosen))
        return [(str(Category(name).label), photos) for name, photos in groups.items() if photos]


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch to start. ``credits`` is the highest price: existing results are not paid again."""

    products: Sequence[ProductImage]
    models: Sequence[ModelImage]
    options: TryOnOptions

    @property
    def count(self) -> int:
        return len(self.products) * len(self.models)

    @property
    def credits(self) -> int:
        return self.count * total_credits(self.options)


def batch_page(site: AdminSite, request: HttpRequest, queryset: QuerySet[ProductImage]) -> HttpResponse:
    """Return the action's pages, by POST to the list's own address: choose, confirm, then go to the jobs.

    The person confirms the number of credits. If the choice changes after that, the page asks again.
    """
    if request.method != "POST":
        raise PermissionDenied
    products = list(with_files(queryset)[: MOST_TRYONS + 1])
    if len(products) > MOST_TRYONS:
        text = gettext("Choose at most %(most)d product photos at a time.")
        messages.error(request, text % {"most": MOST_TRYONS})
        return redirect("admin:tryon_productimage_changelist")
    form = BatchForm(request.POST if "mode" in request.POST else None, products=len(products))
    batch = None
    if form.is_valid():
        batch = Batch(products, list(form.cleaned_data["models"]), form.cleaned_data["options"])
        if request.POST.get("confirmed") == str(batch.credits):
            start(request, batch)
            return redirect("admin:tryon_tryonjob_changelist")
    context = {
        **site.each_context(request),
        "title": _("Try on"),
        "opts": ProductImage._meta,
        "products": products,
        "form": form,
        "batch": batch,
        "address": reverse("admin:tryon_productimage_changelist"),
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/tryon/productimage/try_on.html", context)


def start(request: HttpRequest, batch: Batch) -> None:
    """Request every try-on in the bulk lane, and report the outcome."""
    caller = person_calling(request.user)
    outcomes: Counter[Reuse] = Counter()
    for garment, model in product(batch.products, batch.models):
        try:
            generated = tryon_generate(
                caller=caller,
                product_image_id=garment.pk,
                model_image_id=model.pk,
                options=batch.options,
                lane=Lane.BULK,
            )
            outcomes[generated.reuse] += 1
        except DomainError as error:
            # For example, somebody has retired a photo. The other try-ons continue.
            messages.error(request, f"{garment} · {model}: {sentence(error)}")
    if outcomes:
        messages.success(request, " ".join(_sentences(outcomes)))


def _sentences(outcomes: Counter[Reuse]) -> Iterable[str]:
    started, joined, reused = outcomes[Reuse.MISS], outcomes[Reuse.JOIN], outcomes[Reuse.HIT]
    if started:
        text = ngettext("%(count)d try-on was started.", "%(count)d try-ons were started.", started)
        yield text % {"count": started}
    if joined:
        text = ngettext("%(count)d is already under way.", "%(count)d are already under way.", joined)
        yield text % {"count": joined}
    if reused:
        text = ngettext(
            "%(count)d was made before and costs nothing.",
            "%(count)d were made before and cost nothing.",
            reused,
        )
        yield text % {"count": reused}
