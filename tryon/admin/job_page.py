"""The content of a job's page. It omits FASHN's addresses and the callback tokens: they need no login."""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from config.core import clock
from config.core.admin.charts import share_bar
from config.core.admin.widgets import badge, pixels
from config.core.redaction import REDACTOR
from config.shops.names import requester_words
from results.garments import options_asked
from tryon.admin.bundle import host_of
from tryon.admin.stages import in_seconds, stages
from tryon.admin.what_next import at as moment_of
from tryon.admin.what_next import what_next
from tryon.failures import message_for
from tryon.models import EventKind, JobEvent, Prediction, Status, TryOnJob
from tryon.selectors.photos import photos_asked_with
from tryon.timing import progress_now

MOST_EVENTS: Final = 300
MOST_ANSWERS: Final = 20  # of one call
SHOPPERS_OWN: Final = gettext_lazy("A shopper's own photo: only the shopper sees it.")


@dataclass(frozen=True, slots=True)
class PictureCard:
    """One of the pictures shown side by side. ``address`` is its admin page, ``sign`` stands before it."""

    title: str
    name: str
    address: str
    picture: FieldFile
    size: str
    sign: str = "+"


def job_page(job: TryOnJob) -> dict[str, Any]:
    """Return the template's context.

    It takes two queries beyond the job, its photos and its result, and two more for an outfit.
    """
    events = list(job.events.order_by("-id")[: MOST_EVENTS + 1])
    in_order = list(reversed(events[:MOST_EVENTS]))
    predictions = list(job.predictions.defer("callback_token"))
    return {
        "job": job,
        "requester": requester_words(job.requester),
        "status_badge": badge(job.status, job.get_status_display()),
        "progress": progress_now(job),
        "error": message_for(job.error_code) if job.status == Status.FAILED else "",
        "pictures": pictures_of(job),
        "hidden": SHOPPERS_OWN if job.is_private else "",
        "options": sorted(options_asked(job.options).items()),
        "predictions": [
            (row, badge(row.state, row.get_state_display()), answer_of(row, in_order)) for row in predictions
        ],
        "next": what_next(job, predictions),
        "stages": share_bar(_("Time of each stage"), stages(in_order), write=in_seconds),
        "events": [
            (event, event.label, [(name, words(value)) for name, value in sorted(event.data.items())])
            for event in in_order
        ],
        "events_left_out": len(events) > MOST_EVENTS,
    }


def answer_of(call: Prediction, events: list[JobEvent]) -> list[tuple[str, str]]:
    """Return what FASHN answered to a call, without secrets and without the address of the picture."""
    facts = [
        (_("Step"), str(call.step + 1)),
        (_("Price"), str(call.price)),
        (_("Created"), moment_of(call.created_at)),
    ]
    since, until = call.submitted_at, call.finished_at or clock.now()
    if since is not None:
        asked = [event for event in events if event.kind == EventKind.CHECKED and since <= event.at <= until]
        facts += [
            (
                _("Asked at %(at)s") % {"at": moment_of(event.at)},
                REDACTOR.text(str(event.data.get("providerStatus", "-"))),
            )
            for event in asked[-MOST_ANSWERS:]
        ]
    if call.error_name:
        facts.append((_("Error"), REDACTOR.text(f"{call.error_name}: {call.error_message}")))
    if call.output:
        facts.append((_("Picture"), host_of(call.output) or _("in the answer itself")))
    if call.kept:
        facts.append((_("Our copy"), _("It is kept.")))
    if call.rescue_at is not None:
        facts.append((_("Next rescue"), moment_of(call.rescue_at)))
    return facts


def words(value: object) -> object:
    """Return a value of an event as people read it: a shop by its name."""
    return requester_words(value) if isinstance(value, str) else value


def pictures_of(job: TryOnJob) -> list[PictureCard]:
    """Return the garments, the model and, if there is one, the result. A shopper's pictures are left out."""
    model, result = job.model_image, getattr(job, "result", None)
    if model is None:
        return garment_cards(job)
    cards = [
        *garment_cards(job),
        PictureCard(
            title=_("Model"),
            name=str(model),
            address=reverse("admin:models_library_modelimage_change", args=[model.pk]),
            picture=model.image,
            size=pixels(model.width, model.height),
        ),
    ]
    if result is not None:
        cards.append(
            PictureCard(
                title=_("Result"),
                name=result.get_review_display(),
                address=reverse("admin:results_tryonresult_change", args=[result.pk]),
                picture=result.image,
                size=pixels(result.width, result.height),
                sign="=",
            )
        )
    return cards


def garment_cards(job: TryOnJob) -> list[PictureCard]:
    """Return the garments in the order in which they are put on."""
    photos = photos_asked_with(job, job.requester) if job.is_outfit else [job.product_image]
    return [
        PictureCard(
            title=_("Garment"),
            name=str(garment),
            address=reverse("admin:tryon_productimage_change", args=[garment.pk]),
            picture=garment.processed,
            size=pixels(garment.width, garment.height),
            sign="+" if place else "",
        )
        for place, garment in enumerate(photos)
    ]
