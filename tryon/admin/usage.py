"""The use of photos in their lists and on their pages."""

from typing import TYPE_CHECKING, Any, override

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.lists import StrictChangeList
from config.core.admin.widgets import link_to_list
from tryon.catalogue.usage import Usage, usage_of

if TYPE_CHECKING:
    from config.core.admin.base import UploadAdmin

    class Base(UploadAdmin[Any]):
        pass
else:
    Base = object


class UsageChangeList(StrictChangeList):
    """A list whose rows have their usage: one query for a page."""

    @override
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: Any = self.result_list
        model: Any = self.model
        usage = usage_of(model, [row.pk for row in rows])
        for row in rows:
            row.usage = usage[row.pk]


class ShowsUsage(Base):
    """The columns of the list, and the rows of the page.

    ``usage_lookup`` is the filter of the list of jobs. A class says how its list is sorted by try-ons.
    """

    usage_lookup: str

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return UsageChangeList

    def usage_link(self, photo: Any) -> SafeString:
        """Return the number of try-ons, as a link to them."""
        return link_to_list("tryon_tryonjob", _usage(photo).jobs, **{self.usage_lookup: photo.pk})

    @admin.display(description=_("approved"))
    def approval(self, photo: Any) -> str:
        """Return the share of approved results, of those that people have judged."""
        usage = _usage(photo)
        return "-" if usage.percent is None else f"{usage.percent} % ({usage.approved}/{usage.judged})"

    @admin.display(description=_("use"))
    def usage_words(self, photo: Any) -> str:
        """Return the numbers of try-ons and results, and the share of approved ones."""
        usage = _usage(photo)
        words = gettext("%(jobs)d try-ons, %(results)d results") % {
            "jobs": usage.jobs,
            "results": usage.results,
        }
        if usage.percent is None:
            return words
        more = gettext("%(percent)d %% approved (%(approved)d of %(judged)d judged)")
        numbers = {"percent": usage.percent, "approved": usage.approved, "judged": usage.judged}
        return f"{words}, {more % numbers}"


def _usage(photo: Any) -> Usage:
    """Return the usage that the list has read, or that of a page's one photo."""
    known: Usage | None = getattr(photo, "usage", None)
    return known or usage_of(type(photo), [photo.pk])[photo.pk]
