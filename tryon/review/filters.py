"""The filter of the review page and of the contact sheet: which results, in words."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.few import narrowed
from config.shops.names import requester_words, shop_names
from models_library.models import ModelImage
from results.decisions import decidable
from results.models import Decision, Review, ReviewDecision, TryOnResult
from tryon.batches.models import Batch, BatchItem
from tryon.models import Account, ProductImage, TryOnJob

# A skipped result comes back to the same person after this time.
SKIPPED_FOR: Final = timedelta(hours=8)
MOST_SKIPPED: Final = 500
AGES: Final = {
    "hour": (_("Of the last hour"), timedelta(hours=1)),
    "day": (_("Of the last day"), timedelta(days=1)),
    "week": (_("Of the last week"), timedelta(days=7)),
}


class QueueFilter(forms.Form):
    """The query of the page. Unusable values are told of, and nothing is shown for them."""

    review = forms.ChoiceField(label=_("Review"), choices=Review.choices, required=False)
    collection = forms.CharField(label=_("Collection"), required=False, max_length=100)
    product = forms.CharField(label=_("Product"), required=False, max_length=100)
    model = forms.CharField(label=_("Model photo"), required=False, max_length=100)
    batch = forms.UUIDField(label=_("Batch"), required=False, widget=forms.HiddenInput)
    shop = forms.ChoiceField(label=_("Shop"), required=False)
    age = forms.ChoiceField(
        label=_("Age"),
        choices=[("", _("Any age")), *((name, words) for name, (words, _age) in AGES.items())],
        required=False,
    )
    flagged = forms.BooleanField(label=_("Flagged only"), required=False)
    skipped = forms.BooleanField(label=_("Those that I skipped"), required=False)

    def __init__(self, query: QueryDict) -> None:
        super().__init__({"review": Review.PENDING, **query.dict()}, auto_id="filter_%s", label_suffix="")
        shops: Any = self.fields["shop"]
        shops.choices = [("", _("All shops")), *shop_names().items()]

    @property
    def shown(self) -> Review:
        """Return the review of the results to show."""
        return (
            Review(self.cleaned_data.get("review") or Review.PENDING) if self.is_valid() else Review.PENDING
        )

    def results(self, person: User | AnonymousUser) -> QuerySet[TryOnResult]:
        """Return the results to show, the doubtful ones first, then the oldest. The judged: newest first."""
        if not self.is_valid():
            return TryOnResult.objects.none()
        found = decidable().filter(review=self.shown, expires_at__gt=clock.now())
        found = found.exclude(job__account=Account.TEST).filter(**self._lookups())
        if jobs := self._lookups_of_jobs():
            found = narrowed(found, "job", TryOnJob.objects.filter(**jobs).values("pk"))
            found = found.filter(**{f"job__{name}": value for name, value in jobs.items()})
        if self.shown == Review.PENDING:
            skipped = _skipped_by(person)
            found = (
                found.filter(pk__in=skipped)
                if self.cleaned_data["skipped"]
                else found.exclude(pk__in=skipped)
            )
            return found.order_by("-is_flagged", "created_at", "pk")
        return found.order_by("-created_at", "-pk")

    def words(self) -> str:
        """Return the filter as a sentence of a person's language."""
        return ", ".join(self._words()) if self.is_valid() else gettext("Nothing: the filter can't be read.")

    def _lookups(self) -> dict[str, Any]:
        wanted = self.cleaned_data
        lookups: dict[str, Any] = {}
        if wanted["age"]:
            lookups["created_at__gt"] = clock.now() - AGES[wanted["age"]][1]
        if wanted["flagged"]:
            lookups["is_flagged"] = True
        return lookups

    def _lookups_of_jobs(self) -> dict[str, Any]:
        wanted = self.cleaned_data
        lookups: dict[str, Any] = {}
        if wanted["collection"] or wanted["product"]:
            photos = ProductImage.objects.all()
            if wanted["collection"]:
                photos = photos.filter(catalogue_product__collection=wanted["collection"])
            if wanted["product"]:
                photos = photos.filter(product_id=wanted["product"])
            lookups["product_image__in"] = photos.values("pk")
        if wanted["batch"]:
            pairs = BatchItem.objects.filter(batch=wanted["batch"], job__isnull=False)
            lookups["pk__in"] = pairs.values("job")
        if wanted["model"]:
            models = ModelImage.objects.filter(name__icontains=wanted["model"])
            lookups["model_image__in"] = models.values("pk")
        if wanted["shop"]:
            lookups["requester"] = wanted["shop"]
        return lookups

    def _words(self) -> Iterator[str]:
        wanted = self.cleaned_data
        yield str(self.shown.label)
        if wanted["collection"]:
            yield gettext("collection %(name)s") % {"name": wanted["collection"]}
        if wanted["batch"]:
            batch = Batch.objects.filter(pk=wanted["batch"]).first()
            yield gettext("batch %(name)s") % {"name": batch or "-"}
        if wanted["product"]:
            yield gettext("product %(name)s") % {"name": wanted["product"]}
        if wanted["model"]:
            yield gettext("model photos named “%(name)s”") % {"name": wanted["model"]}
        if wanted["shop"]:
            yield gettext("shop %(name)s") % {"name": requester_words(wanted["shop"])}
        if wanted["age"]:
            yield str(AGES[wanted["age"]][0])
        if wanted["flagged"]:
            yield gettext("flagged only")
        if wanted["skipped"]:
            yield gettext("those that I skipped")


def _skipped_by(person: User | AnonymousUser) -> list[UUID]:
    """Return the ids of the results that a person has skipped of late, at most ``MOST_SKIPPED``."""
    skipped = ReviewDecision.objects.filter(
        person=person.pk,
        verdict=Decision.SKIPPED,
        undone_at=None,
        at__gt=clock.now() - SKIPPED_FOR,
        result__isnull=False,
    )
    ids = skipped.order_by("-at").values_list("result", flat=True)[:MOST_SKIPPED]
    return [key for key in ids if key is not None]
