"""The lists of the admin: no full counts, no query for each row, and only the filters that are offered."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, override

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList, ChangeListSearchForm
from django.core import paginator
from django.db import DataError, models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

from config.core.search import check_search

if TYPE_CHECKING:
    from django.core.paginator import Paginator
else:
    # Django's own class. The type checker wants it subscriptable at run time too.
    class Paginator[Row](paginator.Paginator):
        pass


MOST_ROWS_COUNTED: Final = 2_000
MOST_VALUES: Final = 20  # of one filter: each is one more condition for the database


class CappedPaginator(Paginator[Any]):
    """Count at most 2,000 rows, whatever the table holds. Filters find the rows behind them."""

    @cached_property
    @override
    def count(self) -> int:
        rows: Any = self.object_list
        # Only the keys: a column that is counted for each row of a page would be counted for all of these.
        number: int = rows.order_by().values("pk")[:MOST_ROWS_COUNTED].count()
        return number


class SearchForm(ChangeListSearchForm):
    """The search of a list, no longer than the API's. The list shows the error as a message."""

    def clean_q(self) -> str:
        text: str = self.cleaned_data["q"]
        check_search(text)
        return text


class StrictChangeList(ChangeList):
    """A list that raises an error when a column needs one query for each row.

    Django filters by any field and lookup that an address names: a ``__regex`` could hold the process for
    seconds. This one takes what its filters and our links use. Else, and for values that the database can't
    take, it leads to the list with ``?e=1``, as Django does for unknown names.
    """

    search_form_class = SearchForm

    @override
    def get_filters(self, request: HttpRequest) -> Any:
        found = super().get_filters(request)
        owner: Any = self.model_admin
        others = found[2]  # what no filter has taken
        is_offered = others.keys() <= {*owner.link_lookups}
        if not is_offered or any(len(values) > MOST_VALUES for values in self.get_filters_params().values()):
            raise IncorrectLookupParameters
        return found

    @override
    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return rows.fetch_mode(models.FETCH_RAISE)

    @override
    def get_results(self, request: HttpRequest) -> None:
        try:
            super().get_results(request)
        except (DataError, OverflowError, ValueError) as error:
            raise IncorrectLookupParameters from error


class StrictLists:
    """Of an admin class, the part that makes its list fast and strict."""

    list_per_page = 50
    show_full_result_count = False
    paginator: type = CappedPaginator
    link_lookups: Sequence[str] = ()  # fields that our own links filter by, beside list_filter

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return StrictChangeList
