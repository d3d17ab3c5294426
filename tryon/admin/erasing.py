"""The page that erases a photo: it shows what goes, and asks once."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, override

from django.contrib import admin, messages
from django.contrib.admin import ActionLocation
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import count_of
from config.shops.abilities import Ability
from config.shops.callers import person_calling
from models_library.admin import ModelImageAdmin
from models_library.models import ModelImage
from results.models import TryOnResult
from tryon.admin.replacing import ReplacesPhotos
from tryon.admin.usage import ShowsUsage
from tryon.catalogue.drops import TakesDrops
from tryon.catalogue.lists import LibraryLists
from tryon.models import ProductImage
from tryon.selectors.erasing import EraseCounts, counts_to_erase, results_to_show
from tryon.services.erasing import Erased, photo_erase

if TYPE_CHECKING:
    from config.core.admin.base import UploadAdmin

    class Base(UploadAdmin[Any]):
        pass
else:
    Base = object

PICTURES_SHOWN: Final = 24


@dataclass(frozen=True, slots=True)
class Erasure:
    """The content of the page: the photo, the counts, and the newest results that go."""

    photo: ProductImage | ModelImage
    counts: EraseCounts
    results: list[TryOnResult]


class ErasesPhotos(Base):
    """The action and the page, for the admin of a photo."""

    def has_erase_permission(self, request: HttpRequest) -> bool:
        """Return whether the person may erase photos and the results made with them."""
        return request.user.has_perm(Ability.ERASE_PHOTOS)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        erased = obj is not None and obj.is_erased
        return not erased and super().has_change_permission(request, obj)

    @override
    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_erase"
        page = path("<path:object_id>/erase/", self.admin_site.admin_view(self.erase_view), name=name)
        return [page, *super().get_urls()]

    @admin.action(description=_("Erase…"), permissions=["erase"], location=[ActionLocation.CHANGE_FORM])
    def erase(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Lead to the page that asks."""
        return redirect(self._address("erase", queryset.get().pk))

    def erase_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show what goes, and on POST erase it."""
        photo = self.get_object(request, object_id)
        if not (self.has_erase_permission(request) and self.has_view_permission(request, photo)):
            raise PermissionDenied
        if photo is None:
            raise Http404
        if request.method == "POST":
            erased = photo_erase(photo, person_calling(request.user))
            self.message_user(request, " ".join(_sentences(erased)), messages.SUCCESS)
            return redirect(self._address("changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Erase %(photo)s") % {"photo": photo},
            "opts": self.opts,
            "erasure": Erasure(photo, counts_to_erase(photo), list(results_to_show(photo)[:PICTURES_SHOWN])),
            "list_address": self._address("changelist"),
            "photo_address": self._address("change", photo.pk),
        }
        return TemplateResponse(request, "admin/tryon/erase.html", context)

    def _address(self, page: str, *arguments: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}", args=arguments)


# The library knows nothing of try-ons, so its admin can't erase them.
admin.site.unregister(ModelImage)


@admin.register(ModelImage)
class ErasableModelImageAdmin(
    ErasesPhotos, ReplacesPhotos, ShowsUsage, LibraryLists, TakesDrops, ModelImageAdmin
):
    """The library's admin, with erasure, replacement and the use of each photo."""

    usage_lookup = "model_image"
    list_display = [*ModelImageAdmin.list_display[:-1], "job_list", "approval", "created"]
    fields = [*ModelImageAdmin.fields, "job_list", "usage_words", "stale"]
    readonly_fields = [*ModelImageAdmin.readonly_fields, "job_list", "usage_words", "stale"]
    actions = [*ModelImageAdmin.actions, "edit_many", "replace", "erase"]

    @admin.display(description=_("try-ons"), ordering=count_of(ModelImage, "jobs"))
    def job_list(self, photo: ModelImage) -> SafeString:
        return self.usage_link(photo)


def _sentences(erased: Erased) -> list[str]:
    """Return what was done, in words."""
    text = ngettext(
        "The photo is erased, with %(count)d try-on.",
        "The photo is erased, with %(count)d try-ons.",
        erased.jobs,
    )
    sentences = [text % {"count": erased.jobs}]
    if erased.left:
        text = ngettext(
            "%(count)d try-on stays: others made it with their own copy of the photo.",
            "%(count)d try-ons stay: others made them with their own copy of the photo.",
            erased.left,
        )
        sentences.append(text % {"count": erased.left})
    if erased.goes_on:
        sentences.append(gettext("There are more: a worker goes on with them now."))
    return sentences
