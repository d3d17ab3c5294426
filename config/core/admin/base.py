"""The base of all admin pages, and forms that take in photos."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, override
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.lists import StrictLists
from config.core.admin.versions import VersionedAdmin
from config.core.admin.widgets import link_to
from config.core.errors import DomainError
from config.core.images import ImageWarning

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:
    # Django's own class. The type checker wants it subscriptable at run time too.
    class ModelAdmin[M](admin.ModelAdmin):
        pass


class StudioAdmin[M: models.Model](VersionedAdmin, StrictLists, ModelAdmin[M]):
    """Fast lists without full counts, and forms that overwrite nobody's newer change."""

    @override
    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        """Allow the fields of our own links too, also those of related rows."""
        return lookup in self.link_lookups or super().lookup_allowed(lookup, value, request)


class ReadOnlyAdmin[M: models.Model](StudioAdmin[M]):
    """Rows that only the product itself writes."""

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Taken[M: models.Model]:
    """The outcome of one file: its row, with warnings about the photo, or the refusal."""

    row: M | None = None
    warnings: tuple[ImageWarning, ...] = ()
    refusal: DomainError | None = None


class DeletesOneByOne:
    """Of an admin class, the part that offers no bulk delete: its rows are looked at one by one."""

    def get_actions(
        self, request: HttpRequest, action_location: ActionLocation = ActionLocation.CHANGE_LIST
    ) -> dict[str, Any]:
        """Return all actions but the bulk delete."""
        above: Any = super()
        actions = above.get_actions(request, action_location)
        return {name: action for name, action in actions.items() if name != "delete_selected"}


class UploadAdmin[M: models.Model](StudioAdmin[M]):
    """Rows that begin as photos: one form takes in several files, one at a time.

    Django saves a form in one transaction, which would hold SQLite's only write lock while pictures are
    decoded. So the add view is our own, and each photo goes through its service alone.
    """

    upload_form: ClassVar[type[forms.Form]]  # with a PhotosField named "photos"

    def upload_initial(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the form begins with for this person."""
        return {}

    def upload_form_of(self, request: HttpRequest) -> forms.Form:
        """Return the request's form, bound if it was sent."""
        first = self.upload_initial(request)
        if request.method != "POST":
            return self.upload_form(initial=first)
        return self.upload_form(request.POST, request.FILES, initial=first)

    def take_in(self, file: Any, fields: dict[str, Any]) -> tuple[M, tuple[ImageWarning, ...]]:
        """Create a row from one file and the form's other fields, and return it with warnings.

        ``file`` is Django's UploadedFile: a BinaryIO in all but its type. Raise DomainError for a refused
        file. Its details may have the ``id`` of the row that the file equals.
        """
        # Abstract, but not by ABC: Django's admin classes have a metaclass of their own.
        raise NotImplementedError(f"{type(self).__name__} does not say how a photo becomes a row")

    @override
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.upload_form_of(request)
        if form.is_valid():
            self._take_in_all(request, form)
        if form.errors or not form.is_bound:
            return self._upload_page(request, form)
        return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def _take_in_all(self, request: HttpRequest, form: forms.Form) -> None:
        """Take in the valid files, and name the refused ones in the form's errors."""
        added = 0
        for file in form.cleaned_data["photos"]:
            taken = self.take_in_one(request, file, form.cleaned_data)
            if (error := taken.refusal) is not None:
                said = self._with_link(sentence(error), error.details.get("id", ""))
                form.add_error("photos", format_html("{}: {}", file.name, said))
                continue
            added += 1
            for warning in taken.warnings:
                text = f"{gettext(warning.message)} ({file.name})"
                self.message_user(request, self._with_link(text, warning.photo), messages.WARNING)
        if added:
            text = ngettext("%(count)d photo was added.", "%(count)d photos were added.", added)
            self.message_user(request, text % {"count": added}, messages.SUCCESS)

    def take_in_one(self, request: HttpRequest, file: Any, fields: dict[str, Any]) -> Taken[M]:
        """Take one file in, and note the new row in the admin's history."""
        try:
            row, warnings = self.take_in(file, fields)
        except DomainError as error:
            return Taken(refusal=error)
        self.log_addition(request, row, [{"added": {}}])
        return Taken(row, warnings)

    def _with_link(self, text: str, key: str) -> str:
        """Return the text, with a link to the row that it is about."""
        if not key:
            return text
        page = f"{self.opts.app_label}_{self.opts.model_name}"
        return format_html("{} {}", text, link_to(page, UUID(key), _("Show it")))

    def _upload_page(self, request: HttpRequest, form: forms.Form) -> HttpResponse:
        fieldsets: Any = [(None, {"fields": [*form.fields]})]
        any_form: Any = form  # it need not be a ModelForm
        context = {
            **self.admin_site.each_context(request),
            "title": _("Add %s") % self.opts.verbose_name_plural,
            "adminform": AdminForm(any_form, fieldsets, {}, model_admin=self),
            "inline_admin_formsets": [],
            "is_popup": False,
            "media": self.media + form.media,
            "errors": [*form.errors.values()],
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
        }
        return self.render_change_form(request, context, add=True)


def sentence(error: DomainError) -> str:
    """Return a refusal's text for a person, in the request's language. Safe HTML stays safe."""
    message = error.message
    return message if isinstance(message, SafeString) else gettext(str(message))


def count_of(model: type[models.Model], relation: str) -> Coalesce:
    """Return an annotation with the number of ``relation``'s rows that point at each row.

    A subquery counts for one page only. A join would count for all rows.
    """
    rows = model._default_manager.filter(pk=OuterRef("pk")).order_by().values("pk")
    return Coalesce(Subquery(rows.annotate(number=Count(relation)).values("number")), 0)
