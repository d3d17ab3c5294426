"""The use of photos in their lists and on their pages."""

from typing import TYPE_CHECKING, Any, override

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.lists import StrictChangeList
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
    """The column of the list, and the row of the page."""

    @override
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return UsageChangeList

    @admin.display(description=_("approved"))
    def approval(self, photo: Any) -> str:
        """Return the share of approved results, of those that people have judged."""
        usage: Usage = photo.usage
        return "-" if usage.percent is None else f"{usage.percent} % ({usage.approved}/{usage.judged})"

    @admin.display(description=_("use"))
    def usage_words(self, photo: Any) -> str:
        """Return the numbers of try-ons and results, and the share of approved ones."""
        usage = usage_of(type(photo), [photo.pk])[photo.pk]
        words = gettext("%(jobs)d try-ons, %(results)d results") % {
            "jobs": usage.jobs,
            "results": usage.results,
        }
        if usage.percent is None:
            return words
        more = gettext("%(percent)d %% approved (%(approved)d of %(judged)d judged)")
        numbers = {"percent": usage.percent, "approved": usage.approved, "judged": usage.judged}
        return f"{words}, {more % numbers}"
