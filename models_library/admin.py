"""The library of model photos in the admin."""

from typing import Any, override

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Field, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from config.core.admin.base import DeletesOneByOne, UploadAdmin, sentence
from config.core.admin.widgets import (
    PhotosField,
    TagsField,
    file_stem,
    large_picture,
    moment,
    pixels,
    thumbnail,
)
from config.core.images import ImageWarning
from models_library.models import Category, ModelImage
from models_library.release_admin import HasReleases, ReleaseFilter
from models_library.selectors import with_files
from models_library.services import (
    ModelImageInUse,
    model_image_create,
    model_image_delete,
    model_image_update,
)

TAGS_HELP = _("Search words, separated by commas: summer, studio, walking.")


class ModelImageUploadForm(forms.Form):
    """New model photos."""

    photos = PhotosField(
        label=_("Photos"),
        help_text=_("JPEG, PNG, WebP, AVIF or HEIC, up to 20 MB each. One person, facing the camera."),
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=200,
        required=False,
        help_text=_("If you leave it empty, the file's name is used."),
    )
    category = forms.ChoiceField(label=_("Category"), choices=Category)
    tags = TagsField(label=_("Tags"), required=False, help_text=TAGS_HELP)


@admin.register(ModelImage)
class ModelImageAdmin(HasReleases, DeletesOneByOne, UploadAdmin[ModelImage]):
    """Add, describe and retire photos. A new picture is a new photo, so older results stay true."""

    upload_form = ModelImageUploadForm
    list_display = [
        "picture",
        "called",
        "category",
        "tag_list",
        "is_active",
        "release_badge",
        "size",
        "created",
    ]
    list_display_links = ["picture", "called"]
    list_filter = ["is_active", "category", ReleaseFilter, "created_at"]
    search_fields = ["name", "tags"]
    search_help_text = _("Words in the name or the tags.")
    fields = [
        "large",
        "name",
        "category",
        "tags",
        "is_active",
        "release_words",
        "size",
        "created_at",
    ]
    readonly_fields = ["large", "release_words", "size", "created_at"]
    actions = ["activate", "retire", "release"]

    @override
    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name == "tags":
            widget = forms.TextInput(attrs={"class": "vTextField"})
            return TagsField(label=_("Tags"), required=False, help_text=TAGS_HELP, widget=widget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @override
    def take_in(self, file: Any, fields: dict[str, Any]) -> tuple[ModelImage, tuple[ImageWarning, ...]]:
        name = fields["name"] or file_stem(file.name, 200)
        return model_image_create(file=file, name=name, category=fields["category"], tags=fields["tags"])

    @override
    def save_model(self, request: HttpRequest, obj: ModelImage, form: Any, change: Any) -> None:
        model_image_update(obj, **{field: form.cleaned_data[field] for field in form.changed_data})

    @override
    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        photo = self.get_object(request, object_id)
        if not self.has_delete_permission(request, photo):
            raise PermissionDenied
        try:
            # Check first: Django's page would list every job that is in the way.
            if photo is not None and photo.jobs.exists():
                raise ModelImageInUse
            return super().delete_view(request, object_id, extra_context)
        except ModelImageInUse as refused:
            self.message_user(request, sentence(refused), messages.ERROR)
            return redirect("admin:models_library_modelimage_change", object_id)

    @override
    def delete_model(self, request: HttpRequest, obj: ModelImage) -> None:
        model_image_delete(obj)

    @admin.action(description=_("Activate"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[ModelImage]) -> None:
        changed = self._set_active(request, queryset, is_active=True)
        text = ngettext("%(count)d photo is active now.", "%(count)d photos are active now.", changed)
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)

    @admin.action(description=_("Retire"), permissions=["change"])
    def retire(self, request: HttpRequest, queryset: QuerySet[ModelImage]) -> None:
        changed = self._set_active(request, queryset, is_active=False)
        text = ngettext(
            "%(count)d photo was retired. It is no longer offered; its try-ons stay.",
            "%(count)d photos were retired. They are no longer offered; their try-ons stay.",
            changed,
        )
        self.message_user(request, text % {"count": changed}, messages.SUCCESS)

    def _set_active(self, request: HttpRequest, queryset: QuerySet[ModelImage], *, is_active: bool) -> int:
        photos = list(with_files(queryset).filter(is_active=not is_active))
        for photo in photos:
            model_image_update(photo, is_active=is_active)
            self.log_change(request, photo, [{"changed": {"fields": ["active"]}}])
        return len(photos)

    @admin.display(description=_("photo"))
    def picture(self, photo: ModelImage) -> SafeString:
        return thumbnail(photo.thumbnail, photo.name)

    @admin.display(description=_("photo"))
    def large(self, photo: ModelImage) -> SafeString:
        return large_picture(photo.image, photo.thumbnail, photo.name)

    @admin.display(description=_("name"), ordering="name")
    def called(self, photo: ModelImage) -> str:
        return str(photo)

    @admin.display(description=_("tags"))
    def tag_list(self, photo: ModelImage) -> str:
        return ", ".join(photo.tags)

    @admin.display(description=_("size"))
    def size(self, photo: ModelImage) -> str:
        return pixels(photo.width, photo.height)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, photo: ModelImage) -> str:
        return moment(photo.created_at)
