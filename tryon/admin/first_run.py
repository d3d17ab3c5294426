"""The first-run page: from an empty installation to its first try-on, with the state of each step.

What calls FASHN, the store or the public address is tried by a worker, in the doctor's report: no request of
the admin waits for them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.pages import admin_page, page_response
from config.core.doctor import Finding, State
from config.core.doctor.public import ADDRESS
from config.core.doctor.services import STORAGE, redis
from config.shops.abilities import Ability
from config.shops.models import ApiKey, Shop
from models_library.models import ModelImage
from tryon.models import ProductImage, Status, TryOnJob
from tryon.services.doctor import FASHN, Report, last_report, report_ask, workers

type Person = User | AnonymousUser


class Progress(StrEnum):
    """The state of a step. The value chooses the colour of its word."""

    DONE = "completed"
    OPEN = "queued"
    PROBLEM = "failed"


WORDS: Final = {Progress.DONE: _("Done"), Progress.OPEN: _("To do"), Progress.PROBLEM: _("Problem")}
NOT_TRIED: Final = _("Not tried yet. A worker tries it: it takes up to a minute and costs nothing.")


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is for, what was found or is to do, and the link to do it; ``tries`` is a button."""

    name: Any
    progress: Progress
    sentence: Any
    address: str = ""
    link: Any = ""
    tries: bool = False

    @property
    def is_done(self) -> bool:
        return self.progress == Progress.DONE

    @property
    def words(self) -> Any:
        """Return the state in words."""
        return WORDS[self.progress]


def first_run_open(user: Person, known: Report | None) -> bool:
    """Return whether the home page leads an operator to the first-run page: a step is left.

    ``known`` is the last report. Whether workers run is not looked at: they stop and start in each deploy.
    """
    return not all(step.is_done for step in _steps_once(user, known))


@admin_page("first-run/", name="first_run", permission=Ability.SEE_OPERATIONS)
def first_run_page(request: HttpRequest) -> HttpResponseBase:
    """Show the steps. A POST has a worker try FASHN, storage and the public address."""
    if request.method == "POST":
        if report_ask():
            messages.info(request, gettext("A worker tries FASHN, storage and the public address now."))
        else:
            messages.error(request, gettext("Redis does not take tasks now. Try again in a minute."))
        return redirect("admin:first_run")
    known = last_report()
    shown = [_workers(), *_steps_once(request.user, known)]
    left = sum(not step.is_done for step in shown)
    return page_response(
        request,
        "admin/tryon/first_run.html",
        title=_("First run"),
        steps=shown,
        left=left,
        tried_at=known.at if known else None,
        next=next((step for step in shown if not step.is_done), None),
    )


def _steps_once(user: Person, known: Report | None) -> Iterator[Step]:
    """Yield the steps that stay done, in their order. ``known`` is the last report, None before the first."""
    tried = () if known is None else known.findings
    yield _tried(_("FASHN key"), FASHN, tried, _("FASHN takes the key. Credits left: %(fact)s."))
    yield _tried(_("Storage"), STORAGE, tried, _("A picture can be written, read and deleted."))
    yield _tried(_("Public address"), ADDRESS, tried, _("Shoppers reach the service."))
    yield _key(user)
    yield _model_photos()
    yield _product_photos()
    yield _try_on()


def _workers() -> Step:
    """Return the step of Redis and the processes that work. It waits for nobody."""
    troubles = [finding for finding in (*redis(), *workers()) if finding.state != State.GOOD]
    address = reverse("admin:tryon_governor_doctor")
    if troubles:
        return Step(_("Workers"), Progress.PROBLEM, troubles[0].sentence, address, _("Doctor"))
    return Step(_("Workers"), Progress.DONE, _("The workers and the clock run."))


def _tried(name: Any, subject: str, tried: Sequence[Finding], good: Any) -> Step:
    """Return a step that a worker tries. The worst finding speaks for it."""
    own = [finding for finding in tried if finding.subject == subject]
    if not own:
        return Step(name, Progress.OPEN, NOT_TRIED, tries=True)
    bad = [finding for finding in own if finding.state != State.GOOD]
    if not bad:
        return Step(name, Progress.DONE, own[0].sentence or good % {"fact": own[0].fact})
    worst = max(bad, key=lambda finding: finding.is_error)
    progress = Progress.PROBLEM if worst.is_error else Progress.OPEN
    return Step(name, progress, worst.sentence, tries=True)


def _key(user: Person) -> Step:
    name = _("First API key")
    if ApiKey.objects.filter(is_active=True).exists():
        return Step(name, Progress.DONE, _("A shop can call the API."))
    if not user.has_perm("api.add_apikey"):
        return Step(name, Progress.OPEN, _("The owner makes the first shop and its key."))
    if not Shop.objects.exists():
        sentence = _("Add the shop that the key is for. Then make its key.")
        return Step(name, Progress.OPEN, sentence, reverse("admin:api_shop_add"), _("Add a shop"))
    sentence = _("Make a key for the shop's server, or for its pages.")
    return Step(name, Progress.OPEN, sentence, reverse("admin:api_apikey_add"), _("Make a key"))


def _model_photos() -> Step:
    name = _("First model photos")
    if ModelImage.objects.exists():
        return Step(name, Progress.DONE, _("The library has a person to try garments on."))
    sentence = _("Add photos of people: one person, from the front, the whole garment in the picture.")
    address = _address("models_library_modelimage_add")
    return Step(name, Progress.OPEN, sentence, address, _("Add model photos"))


def _product_photos() -> Step:
    name = _("First product photos")
    if ProductImage.objects.exists():
        return Step(name, Progress.DONE, _("There is a garment to try on."))
    address = _address("catalogue_drop", "tryon_productimage_add")
    return Step(name, Progress.OPEN, _("Add photos of garments."), address, _("Add product photos"))


def _try_on() -> Step:
    name = _("First try-on")
    if TryOnJob.objects.filter(status=Status.COMPLETED).exists():
        return Step(name, Progress.DONE, _("A picture is there. The service works from end to end."))
    if TryOnJob.objects.exists():
        sentence = _("A try-on has begun. Its page shows how far it is, or why it failed.")
        return Step(name, Progress.OPEN, sentence, reverse("admin:tryon_tryonjob_changelist"), _("Jobs"))
    address = _address("plan", "tryon_productimage_changelist")
    return Step(name, Progress.OPEN, _("Try one garment on. It costs credits."), address, _("Start a try-on"))


def _address(*names: str) -> str:
    """Return the address of the first of these pages that the admin has."""
    for name in names:
        try:
            return reverse(f"admin:{name}")
        except NoReverseMatch:
            continue
    raise NoReverseMatch(names)
