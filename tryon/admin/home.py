"""The home page: what waits for a person, what runs, what it costs, and what to do next.

It reads counts that are capped and rows that are limited, so its queries and its work do not grow with the
tables. Each part is there for people who may see what is behind it.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.core.cache import cache
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.charts import in_figures
from config.core.admin.navigation import address_of, address_of_row
from config.core.doctor import State
from config.core.upkeep import quota
from config.shops.abilities import Ability, is_allowed
from models_library.models import ModelImage
from results.models import Review, TryOnResult
from tryon.admin.first_run import first_run_open
from tryon.admin.recent_jobs import DAYS, RecentJobs, Tile, jobs_address
from tryon.batches.models import LIVE, Batch, BatchState
from tryon.failures import CURABLE
from tryon.models import Account, ProductImage, Status, TryOnJob
from tryon.money import selectors as money
from tryon.services.doctor import Report, last_report
from tryon.services.operations import pause_known

MOST_COUNTED: Final = 1_000
MOST_BATCHES: Final = 5
# Below these a person is told.
FEW_DAYS_LEFT: Final = 7
STORAGE_TOLD_PERCENT: Final = 90
MONEY_KEY: Final = "home:money-named"  # "home:money" is an earlier release's
MONEY_SECONDS: Final = 60


class Step(NamedTuple):
    """Something to do next, and where."""

    text: Any
    address: str


class Money(NamedTuple):
    """The money as it is known, kept for a minute."""

    credits: int | None
    unknown: str
    days_left: int | None
    cost_per_approved: str


def home(request: HttpRequest) -> dict[str, Any]:
    """Return the template's context for a person."""
    return Home(request).context()


class Home:
    """The page of one person. Each number is read once."""

    def __init__(self, request: HttpRequest) -> None:
        self._user = request.user

    def context(self) -> dict[str, Any]:
        """Return the template's context."""
        return {
            "steps": list(self.steps()),
            "tiles": list(self.tiles()),
            "causes": list(self.recent.causes()),
            "batches": self.batches,
            "charts": list(self.recent.charts()),
            "days": DAYS,
        }

    def may(self, permission: str) -> bool:
        return is_allowed(self._user, permission)

    def steps(self) -> Iterator[Step]:
        """Yield what to do next, the most urgent first."""
        if self.may(Ability.SEE_OPERATIONS):
            yield from self.steps_of_operators()
        lasts_for = None if self.money.unknown else self.money.days_left
        if lasts_for is not None and lasts_for < FEW_DAYS_LEFT:
            lasts = ngettext(
                "The credits last %(days)d more day. Buy credits at FASHN.",
                "The credits last %(days)d more days. Buy credits at FASHN.",
                lasts_for,
            )
            yield Step(lasts % {"days": lasts_for}, address_of("money") or "")
        if self.may(Ability.OPERATE_JOBS) and (number := capped(self.dead_letters)):
            text = _("Failed jobs that a retry may cure: %(number)s")
            yield Step(text % {"number": shown(number)}, jobs_address(dead="yes"))
        for batch, address in self.batches:
            if batch.state in (BatchState.READY, BatchState.PAUSED):
                yield Step(words_of(batch), address)
        if self.may(Ability.REVIEW_RESULTS) and self.to_review:
            yield Step(
                _("Results to review: %(number)s") % {"number": shown(self.to_review)}, self.review_address
            )
        yield from self.steps_of_a_beginning()

    def steps_of_operators(self) -> Iterator[Step]:
        operations = reverse("admin:tryon_governor_changelist")
        if reason := pause_known():
            yield Step(reason, operations)
        kept = self.last_report
        if (
            kept is not None
            and kept.is_recent
            and any(finding.state == State.ERROR for finding in kept.findings)
        ):
            yield Step(_("The doctor has found something."), reverse("admin:tryon_governor_doctor"))
        percent = self.storage_percent
        if percent is not None and percent >= STORAGE_TOLD_PERCENT:
            yield Step(_("Storage is %(percent)s %% full.") % {"percent": percent}, operations)

    def steps_of_a_beginning(self) -> Iterator[Step]:
        """Yield the first steps of an installation, and in an empty library."""
        if self.may(Ability.SEE_OPERATIONS) and first_run_open(self._user, self.last_report):
            yield Step(_("Go on with the first run: something is still missing."), reverse("admin:first_run"))
        has_models = ModelImage.objects.exists()
        has_photos = ProductImage.objects.filter(requester="").exists()
        if self.may(Ability.ADD_MODELS) and not has_models:
            yield Step(_("Add the first model photos."), reverse("admin:models_library_modelimage_add"))
        if self.may(Ability.UPLOAD_PHOTOS) and not has_photos:
            yield Step(_("Add the first product photos."), reverse("admin:tryon_productimage_add"))
        if self.may(Ability.START_TRYONS) and has_models and has_photos and not TryOnJob.objects.exists():
            yield Step(_("Plan the first try-ons."), reverse("admin:plan"))

    def tiles(self) -> Iterator[Tile]:
        if self.may(Ability.SEE_ALL_RESULTS):
            yield Tile(_("To review"), shown(self.to_review), self.review_address)
        if self.may(Ability.SEE_ALL_JOBS):
            yield from self.tiles_of_jobs()
        if self.may(Ability.SEE_MONEY):
            yield from self.tiles_of_money()
        if self.may(Ability.SEE_OPERATIONS):
            stored = sum(quota.bytes_by_kind().values())
            allowed = quota.bytes_allowed()
            about = _("of %(size)s") % {"size": filesizeformat(allowed)} if allowed else ""
            yield Tile(
                _("Storage"), filesizeformat(stored), reverse("admin:tryon_governor_changelist"), about
            )

    def tiles_of_jobs(self) -> Iterator[Tile]:
        for status, name in ((Status.PROCESSING, _("Running now")), (Status.QUEUED, _("Queued"))):
            number = capped(TryOnJob.objects.filter(account=Account.LIVE, status=status))
            yield Tile(name, shown(number), jobs_address(status__exact=status))
        yield from self.recent.tiles()

    def tiles_of_money(self) -> Iterator[Tile]:
        address = address_of("money") or ""
        if self.money.credits is not None:
            days = self.money.days_left
            about = "" if days is None else _("%(days)s days left") % {"days": in_figures(days)}
            if self.money.unknown:
                about = _("without %(names)s: not known") % {"names": self.money.unknown}
            yield Tile(_("Credits at FASHN"), in_figures(self.money.credits), address, about)
        if self.money.cost_per_approved:
            yield Tile(
                _("Cost per approved image"),
                self.money.cost_per_approved,
                address,
                _("credits, last 30 days"),
            )

    @cached_property
    def last_report(self) -> Report | None:
        return last_report()

    @cached_property
    def recent(self) -> RecentJobs:
        """The jobs of the last days; none for who may not see jobs."""
        return RecentJobs.read() if self.may(Ability.SEE_ALL_JOBS) else RecentJobs([])

    @cached_property
    def to_review(self) -> int:
        return capped(TryOnResult.objects.filter(review=Review.PENDING, job__shopper_photo=None))

    @property
    def dead_letters(self) -> "QuerySet[TryOnJob]":
        return TryOnJob.objects.filter(account=Account.LIVE, status=Status.FAILED, error_code__in=CURABLE)

    @cached_property
    def batches(self) -> list[tuple[Batch, str]]:
        """The newest batches that are not over, with the addresses of their pages."""
        if not self.may("batches.view_batch"):
            return []
        states = [BatchState.READY, *LIVE]
        found = Batch.objects.filter(state__in=states).defer("selection")[:MOST_BATCHES]
        return [(batch, address_of_row(batch)) for batch in found]

    @cached_property
    def money(self) -> Money:
        """The money as it is known; nothing for who may not see it. FASHN is not asked."""
        if not self.may(Ability.SEE_MONEY):
            return Money(None, "", None, "")
        known: Money | None = cache.get(MONEY_KEY)
        if known is None:
            balance, cost = money.balance(), money.cost_per_approved()
            known = Money(
                None if balance is None else balance.credits,
                "" if balance is None else ", ".join(balance.unknown),
                None if balance is None else money.days_left(),
                "" if cost is None else str(cost),
            )
            cache.set(MONEY_KEY, known, MONEY_SECONDS)
        return known

    @cached_property
    def storage_percent(self) -> float | None:
        return quota.percent_used()

    @property
    def review_address(self) -> str:
        """The page for reviews, or the list for who may only look."""
        page = address_of("review") if self.may(Ability.REVIEW_RESULTS) else None
        query = {"review__exact": Review.PENDING}
        return page or reverse("admin:results_tryonresult_changelist", query=query)


def words_of(batch: Batch) -> str:
    """Return what a plan or a paused batch waits for."""
    if batch.state == BatchState.READY:
        return gettext("Start or discard the plan “%(name)s”.") % {"name": batch.name}
    return gettext("Resume or cancel the paused batch “%(name)s”.") % {"name": batch.name}


def capped(rows: "QuerySet[Any]") -> int:
    """Return the number of rows, at most one more than is counted."""
    number: int = rows.order_by().values("pk")[: MOST_COUNTED + 1].count()
    return number


def shown(number: int) -> str:
    """Return a capped number as text."""
    if number > MOST_COUNTED:
        return gettext("over %(number)s") % {"number": in_figures(MOST_COUNTED)}
    return in_figures(number)
