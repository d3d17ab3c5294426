"""The lists of photos: as a list or a grid, with saved filters, a place to drop photos, and edits of many."""

from typing import TYPE_CHECKING, Any, Final, override
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from config.core.admin.widgets import TagsField
from tryon.catalogue.editing import MOST, Change, count_to_change, photos_change, photos_to_edit
from tryon.catalogue.filters import filter_save, filters_of, query_of
from tryon.catalogue.models import SavedFilter

if TYPE_CHECKING:
    from config.core.admin.base import UploadAdmin

    class Base(UploadAdmin[Any]):
        pass
else:
    Base = object

LAYOUTS: Final = ("list", "grid")
KEPT_LAYOUT: Final = "library_layout"
STATES: Final = [("", _("Keep")), ("1", _("Active")), ("0", _("Retired"))]


class EditForm(forms.Form):
    """The new values of many photos. Empty fields leave them as they are."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    add_tags = TagsField(label=_("Add tags"), required=False, max_length=500)
    remove_tags = TagsField(label=_("Remove tags"), required=False, max_length=500)
    is_active = forms.ChoiceField(label=_("State"), choices=STATES, required=False)

    def __init__(self, data: Any, categories: list[Any]) -> None:
        super().__init__(data)
        category: Any = self.fields["category"]
        category.choices = [("", _("Keep")), *categories]

    def change(self) -> Change:
        """Return the change that the valid form asks for."""
        values = self.cleaned_data
        return Change(
            category=values["category"] or None,
            add_tags=values["add_tags"],
            remove_tags=values["remove_tags"],
            is_active=None if values["is_active"] == "" else values["is_active"] == "1",
        )


class LibraryLists(Base):
    """The part of a photo's admin that is about its list."""

    change_list_template = "admin/catalogue/list.html"

    @override
    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            path("filters/", view(self.save_filter_view), name=f"{name}_save_filter"),
            path("filters/<uuid:key>/remove/", view(self.remove_filter_view), name=f"{name}_remove_filter"),
            *super().get_urls(),
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if (layout := request.GET.get("layout")) in LAYOUTS:
            request.session[KEPT_LAYOUT] = layout
            return redirect(self._list_address(query_of(request.GET.urlencode())))
        person: Any = request.user
        query = query_of(request.GET.urlencode())
        kept = request.session.get(KEPT_LAYOUT, LAYOUTS[0])
        context = {
            "layout": kept,
            "layout_class": f"studio-layout-{kept}",
            "saved_filters": filters_of(person, self.model) if self.has_view_permission(request) else [],
            "chosen_query": query,
            "page_name": f"{self.opts.app_label}_{self.opts.model_name}",
        }
        return super().changelist_view(request, context | (extra_context or {}))

    @method_decorator(require_POST)
    def save_filter_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the choice of rows under a name, for this person."""
        person = self._person(request)
        query = query_of(request.POST.get("query", ""))
        if filter_save(person, self.model, request.POST.get("name", ""), query):
            self.message_user(request, _("The filter is saved."), messages.SUCCESS)
        else:
            text = _("Choose filters or search first, and give them a name. You can have 30 of them.")
            self.message_user(request, text, messages.ERROR)
        return redirect(self._list_address(query))

    @method_decorator(require_POST)
    def remove_filter_view(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Remove one of this person's filters."""
        person = self._person(request)
        SavedFilter.objects.filter(pk=key, person=person, library=self.opts.label_lower).delete()
        return redirect(self._list_address(query_of(request.POST.get("query", ""))))

    @admin.action(description=_("Edit…"), permissions=["change"])
    def edit_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Choose the new values, see how many photos change, and confirm that number."""
        photos = photos_to_edit(queryset)
        chosen = photos.order_by()[: MOST + 1].count()
        if chosen > MOST:
            text = gettext("Choose at most %(most)d photos at a time.") % {"most": MOST}
            self.message_user(request, text, messages.ERROR)
            return None
        categories = self.model._meta.get_field("category").choices
        form = EditForm(request.POST if "is_active" in request.POST else None, list(categories or []))
        changing = count_to_change(photos, form.change()) if form.is_valid() else None
        if changing and request.POST.get("confirmed") == str(changing):
            done = photos_change(photos, form.change(), request.user)
            text = ngettext("%(count)d photo was changed.", "%(count)d photos were changed.", done)
            self.message_user(request, text % {"count": done}, messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Edit photos"),
            "opts": self.opts,
            "form": form,
            "chosen": chosen,
            "changing": changing,
            "keys": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/catalogue/edit.html", context)

    @admin.display(description=_("tags"))
    def tag_list(self, photo: Any) -> SafeString:
        """Return the tags, each with a link to the photos that have it."""
        return format_html_join(
            ", ", '<a href="{}">{}</a>', ((self._tag_address(tag), tag) for tag in photo.tags)
        )

    def _tag_address(self, tag: str) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist", query={"q": tag})

    def _person(self, request: HttpRequest) -> Any:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return request.user

    def _list_address(self, query: str) -> str:
        address = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return f"{address}?{query}" if query else address
