"""The page that takes in hundreds of photos: each file comes by itself, three at a time."""

from typing import TYPE_CHECKING, Any, Final, override

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from config.core.admin.base import Taken
from config.core.images import MAX_UPLOAD_BYTES
from tryon.catalogue.models import Outcome, UploadAttempt
from tryon.catalogue.uploads import (
    UploadIsArchive,
    attempt_note,
    require_no_archive,
    uploads_of,
    uploads_shown,
)

if TYPE_CHECKING:
    from config.core.admin.base import UploadAdmin

    class Base(UploadAdmin[Any]):
        pass
else:
    Base = object


# Chosen at a time. More than these are a mistake, such as the folder of a whole archive.
MOST_FILES: Final = 1000


class TakesDrops(Base):
    """The part of a photo's admin that takes in many files, and remembers the outcome of each.

    Without its script the page sends its form as any other.
    """

    add_form_template = "admin/catalogue/upload.html"

    @override
    def get_urls(self) -> list[URLPattern]:
        one = path("add/one/", self.admin_site.admin_view(self.add_one_view), name=self._name("add_one"))
        return [one, *super().get_urls()]

    @method_decorator(require_POST)
    def add_one_view(self, request: HttpRequest) -> HttpResponse:
        """Take in one file, and answer with its outcome and the part of the page about it.

        The status is 200 also for a refusal, as the request did what it should: it is noted.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.upload_form_of(request)
        if not form.is_valid():
            texts = [str(text) for field in form.errors.values() for text in field]
            return JsonResponse({"outcome": Outcome.REFUSED, "message": " ".join(texts)})
        taken, attempt = self._take_in_noted(request, form.cleaned_data["photos"][0], form.cleaned_data)
        [upload] = uploads_shown([attempt], self.model)
        answer = {
            "outcome": attempt.outcome,
            "message": attempt.message,
            "retryable": taken.refusal is not None and taken.refusal.retryable,
            "html": render_to_string(
                "admin/catalogue/_upload.html",
                {"upload": upload, "change_page": self._name("change")},
                request,
            ),
        }
        return JsonResponse(answer)

    def upload_remember(self, request: HttpRequest, fields: dict[str, Any]) -> None:
        """Keep what a person's next upload begins with."""

    @override
    def take_in_one(self, request: HttpRequest, file: Any, fields: dict[str, Any]) -> Taken[Any]:
        return self._take_in_noted(request, file, fields)[0]

    def _take_in_noted(
        self, request: HttpRequest, file: Any, fields: dict[str, Any]
    ) -> tuple[Taken[Any], UploadAttempt]:
        self.upload_remember(request, fields)
        try:
            require_no_archive(file)
            taken = super().take_in_one(request, file, fields)
        except UploadIsArchive as error:
            taken = Taken(refusal=error)
        person: Any = request.user  # of the staff, as the site has checked
        return taken, attempt_note(person, self.model, file.name, taken)

    @override
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs.get("add"):
            person: Any = request.user
            context |= {
                "uploads": uploads_of(person, self.model),
                "change_page": self._name("change"),
                "most_files": MOST_FILES,
                "most_bytes": MAX_UPLOAD_BYTES,
                "one_address": reverse(f"admin:{self._name('add_one')}"),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def _name(self, page: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"
