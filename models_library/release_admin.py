"""The page of a model photo's release, for the library's admin."""

from datetime import date
from typing import TYPE_CHECKING, Any, Final, override

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core import clock
from config.core.admin.base import sentence
from config.core.admin.widgets import badge
from config.core.errors import DomainError
from config.core.storage import content_type, read
from config.people import audit
from config.people.models import Decision
from models_library.models import ModelImage, ReleaseState
from models_library.releases import (
    MOST_BYTES,
    NotAPdf,
    Release,
    ReleaseFile,
    release_change,
    release_read,
    version_of,
)
from models_library.selectors import in_release_state

if TYPE_CHECKING:
    from config.core.admin.base import UploadAdmin

    class Base(UploadAdmin[ModelImage]):
        pass
else:
    Base = object

FIRST_DAY: Final = date(2000, 1, 1)


class ReleaseFileField(forms.FileField):
    """A PDF or a picture. The value is a ReleaseFile."""

    widget = forms.FileInput(attrs={"accept": "application/pdf,image/*,.heic,.heif,.avif"})

    @override
    def clean(self, data: Any, initial: Any = None) -> ReleaseFile | None:
        file = super().clean(data, None)
        if not file:
            return None
        if file.size > MOST_BYTES:
            text = gettext(
                "The file is larger than %(most)d MB. Scan it with fewer pixels, or send less pages."
            )
            raise forms.ValidationError(text % {"most": MOST_BYTES // 1_000_000})
        try:
            return release_read(file)
        except NotAPdf as error:
            raise forms.ValidationError(
                gettext("This PDF is not whole. Save it again, and send that file.")
            ) from error
        except DomainError as error:
            text = gettext("This is no PDF, and as a picture it can't be used: %(reason)s")
            raise forms.ValidationError(text % {"reason": sentence(error)}) from error


class ReleaseForm(forms.Form):
    """The release of one photo."""

    file = ReleaseFileField(
        label=_("New file"),
        required=False,
        help_text=_(
            "The signed release: a PDF or a picture of up to 10 MB. Nobody sees it without your permission."
        ),
    )
    drop_file = forms.BooleanField(label=_("Delete the present file"), required=False)
    territory = forms.CharField(
        label=_("Territory"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Countries, such as KR, JP, or words, such as worldwide."),
    )
    begins = forms.DateField(
        label=_("Valid from"),
        required=False,
        widget=AdminDateWidget,
        help_text=_("Empty: from the beginning."),
    )
    ends = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=AdminDateWidget,
        help_text=_("The last day, in UTC. Empty: without an end."),
    )
    is_ai_made = forms.BooleanField(
        label=_("Made with AI"), required=False, help_text=_("The photo shows nobody who exists.")
    )
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    @override
    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        begins, ends = cleaned.get("begins"), cleaned.get("ends")
        if begins and begins < FIRST_DAY:
            self.add_error("begins", gettext("This year can't be right."))
        if begins and ends and ends < begins:
            self.add_error("ends", gettext("The last day is before the first one."))
        return cleaned


def form_for(photo: ModelImage) -> ReleaseForm:
    """Return the form with what is stored."""
    return ReleaseForm(
        initial={
            "territory": photo.release_territory,
            "begins": photo.release_from,
            "ends": photo.release_until,
            "is_ai_made": photo.is_ai_made,
            "seen": version_of(photo),
        }
    )


class ReleaseFilter(admin.SimpleListFilter):
    """Filter model photos by the state of their release."""

    title = _("release")
    parameter_name = "release"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(ReleaseState.choices)

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[ModelImage]) -> QuerySet[ModelImage]:
        if self.value() in ReleaseState.values:
            return queryset.filter(in_release_state(str(self.value()), clock.today()))
        return queryset


class HasReleases(Base):
    """The page, the download, the column and the action, for the admin of model photos."""

    @override
    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_release"
        wrap = self.admin_site.admin_view
        return [
            path("<path:object_id>/release/", wrap(self.release_view), name=name),
            path("<path:object_id>/release/file/", wrap(self.release_file_view), name=f"{name}_file"),
            *super().get_urls(),
        ]

    @admin.action(description=_("Release…"), permissions=["change"], location=[ActionLocation.CHANGE_FORM])
    def release(self, request: HttpRequest, queryset: QuerySet[ModelImage]) -> HttpResponse:
        """Lead to the page of the release."""
        return redirect("admin:models_library_modelimage_release", queryset.get().pk)

    def release_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show the release, and on POST store it."""
        photo = self._photo(request, object_id)
        form = form_for(photo)
        if request.method == "POST":
            form = ReleaseForm(request.POST, request.FILES)
            if form.is_valid() and self._store_release(request, photo, form):
                return redirect("admin:models_library_modelimage_change", photo.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Release of %(photo)s") % {"photo": photo},
            "media": self.media + form.media,
            "form": form,
            "row": photo,
            "row_address": reverse("admin:models_library_modelimage_change", args=[photo.pk]),
            "file_address": reverse("admin:models_library_modelimage_release_file", args=[photo.pk]),
            "list_name": capfirst(self.opts.verbose_name_plural),
            "list_address": reverse("admin:models_library_modelimage_changelist"),
        }
        return TemplateResponse(request, "admin/models_library/release.html", context)

    def release_file_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Send the release's file to be saved: it is never shown, and no other address leads to it."""
        photo = self._photo(request, object_id)
        key = photo.release_file.name
        if not key:
            raise Http404
        try:
            content = read(key)
        except DomainError as error:
            self.message_user(request, sentence(error), messages.ERROR)
            return redirect("admin:models_library_modelimage_release", photo.pk)
        audit.note(None, photo, Decision.EXPORT)
        name = f"release-{str(photo.pk)[:8]}.{key.rpartition('.')[2]}"
        return HttpResponse(
            content,
            content_type=content_type(key),
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _photo(self, request: HttpRequest, object_id: str) -> ModelImage:
        """Return the photo for who may change it. Raise PermissionDenied and Http404."""
        photo = self.get_object(request, object_id)
        if not self.has_change_permission(request, photo):
            raise PermissionDenied
        if photo is None:
            raise Http404
        return photo

    def _store_release(self, request: HttpRequest, photo: ModelImage, form: ReleaseForm) -> bool:
        """Store a valid form. Return False, with the reason in the form's errors, if that can't be."""
        data = form.cleaned_data
        terms = Release(data["territory"], data["begins"], data["ends"], data["is_ai_made"])
        try:
            is_stored = release_change(
                photo, terms, seen=data["seen"], file=data["file"], drop_file=data["drop_file"]
            )
        except DomainError as error:
            form.add_error("file", sentence(error))
            return False
        if not is_stored:
            text = gettext("Somebody else has changed this release since you opened it. Open the page again.")
            form.add_error(None, text)
            return False
        self.log_change(request, photo, [{"changed": {"fields": ["release"]}}])
        self.message_user(request, gettext("The release is stored."), messages.SUCCESS)
        return True

    @admin.display(description=_("release"), ordering="release_until")
    def release_badge(self, photo: ModelImage) -> SafeString:
        state = photo.release_state
        return badge(f"release-{state}", str(state.label)) if state != ReleaseState.NONE else SafeString("-")

    @admin.display(description=_("release"))
    def release_words(self, photo: ModelImage) -> SafeString:
        """Return the state, the territory and the days, with a link to the page."""
        days = [date_format(day) if day else "…" for day in (photo.release_from, photo.release_until)]
        words = [photo.release_territory, " - ".join(days) if days != ["…", "…"] else ""]
        if photo.is_ai_made:
            words.append(gettext("Made with AI"))
        return format_html("{} {}", self.release_badge(photo), " · ".join(filter(None, words)))
