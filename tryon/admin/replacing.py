"""The page that replaces a photo, and what its stale results would cost."""

from typing import TYPE_CHECKING, Any, override

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import sentence
from config.core.admin.widgets import link_to
from config.core.errors import DomainError
from results.models import TryOnResult
from results.selectors import result_list_live
from tryon.catalogue.replacing import model_photo_replace, product_photo_replace
from tryon.catalogue.stale import MOST_IN_A_LINK, Rerun, rerun_of
from tryon.models import ProductImage

if TYPE_CHECKING:
    from config.core.admin.base import UploadAdmin

    class Base(UploadAdmin[Any]):
        pass
else:
    Base = object


class ReplaceForm(forms.Form):
    """The photo that takes the place of another."""

    photo = forms.FileField(
        label=_("New photo"),
        allow_empty_file=True,  # the image pipeline says it better
        widget=forms.FileInput(attrs={"accept": "image/*,.heic,.heif,.avif"}),
        help_text=_("JPEG, PNG, WebP, AVIF or HEIC, up to 20 MB."),
    )


class ReplacesPhotos(Base):
    """The action, the page, and the row about stale results, for the admin of a photo."""

    def has_replace_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may add a photo and retire another."""
        return self.has_add_permission(request) and self.has_change_permission(request)

    @override
    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_replace"
        page = path("<path:object_id>/replace/", self.admin_site.admin_view(self.replace_view), name=name)
        return [page, *super().get_urls()]

    @admin.action(description=_("Replace…"), permissions=["replace"], location=[ActionLocation.CHANGE_FORM])
    def replace(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Lead to the page that takes the new photo."""
        return redirect(self._page("replace", queryset.get().pk))

    def replace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the new photo, and on POST put it in the place of the old one."""
        photo = self.get_object(request, object_id)
        if not self.has_replace_permission(request):
            raise PermissionDenied
        if photo is None or photo.is_erased:
            raise Http404
        form = ReplaceForm(request.POST, request.FILES) if request.method == "POST" else ReplaceForm()
        if request.method == "POST" and form.is_valid():
            new = self._replaced(request, photo, form)
            if new is not None:
                return redirect(self._page("change", new.pk))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Replace %(photo)s") % {"photo": photo},
            "form": form,
            "row": photo,
            "row_address": self._page("change", photo.pk),
            "list_name": capfirst(str(self.opts.verbose_name_plural)),
            "list_address": self._page("changelist"),
            "results": _results_on(photo).count(),
        }
        return TemplateResponse(request, "admin/catalogue/replace.html", context)

    def _replaced(self, request: HttpRequest, photo: Any, form: ReplaceForm) -> Any:
        """Replace the photo, and return the new one. None, with the reason in the form, if that can't be."""
        service: Any = product_photo_replace if isinstance(photo, ProductImage) else model_photo_replace
        try:
            new, warnings = service(photo, form.cleaned_data["photo"], request.user)
        except DomainError as error:
            form.add_error("photo", self._with_twin(error))
            return None
        for warning in warnings:
            self.message_user(request, gettext(warning.message), messages.WARNING)
        text = gettext("The photo is replaced. The old one is retired, and its results stay.")
        self.message_user(request, format_html("{} {}", text, _rerun_words(rerun_of(new))), messages.SUCCESS)
        return new

    def _with_twin(self, error: DomainError) -> str:
        """Return a refusal, with a link to the photo that the library has already."""
        twin = error.details.get("id")
        if twin is None:
            return sentence(error)
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        return format_html("{} {}", sentence(error), link_to(name, twin, _("Show it")))

    def _page(self, page: str, *arguments: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)

    @admin.display(description=_("stale results"))
    def stale(self, photo: Any) -> SafeString | str:
        """Return the number of results of earlier photos in this place, with the way to make them again."""
        return _rerun_words(rerun_of(photo)) or "-"


def _results_on(photo: Any) -> QuerySet[TryOnResult]:
    field = "product_image" if isinstance(photo, ProductImage) else "model_image"
    return result_list_live().filter(**{f"job__{field}": photo}, job__shopper_photo=None)


def _rerun_words(rerun: Rerun) -> SafeString | str:
    """Return what is stale and what a re-run costs at most, with a link to its plan. Empty if nothing is."""
    if not rerun.pairs:
        return ""
    text = ngettext("%(count)d result is stale.", "%(count)d results are stale.", rerun.pairs)
    price = ngettext(
        "Make it again for at most %(credits)d credits…",
        "Make them again for at most %(credits)d credits…",
        rerun.pairs,
    )
    words, price = text % {"count": rerun.pairs}, price % {"credits": rerun.credits}
    chosen = {
        "product": " ".join(map(str, rerun.product_images[:MOST_IN_A_LINK])),
        "model": " ".join(map(str, rerun.model_images[:MOST_IN_A_LINK])),
    }
    return format_html('{} <a href="{}">{}</a>', words, reverse("admin:plan", query=chosen), price)
