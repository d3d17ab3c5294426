"""Small pieces of the admin pages: thumbnails, badges, links, and form fields for photos and tags."""

from datetime import datetime
from pathlib import PurePath
from typing import Any, override
from uuid import UUID

from django import forms
from django.db.models.fields.files import FieldFile
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from config.core.http.uploads import MOST_FILES


def thumbnail(picture: FieldFile, alt: str) -> SafeString:
    """Return a thumbnail for a list's cell, or "-" when the file is gone. Its URL is signed and expires."""
    if not picture:
        return SafeString("-")
    return format_html('<img class="studio-thumbnail" src="{}" alt="{}" loading="lazy">', picture.url, alt)


def large_picture(picture: FieldFile, small: FieldFile, alt: str) -> SafeString:
    """Return a picture for a detail page: the thumbnail, with a link to the full size."""
    if not picture:
        return SafeString("-")
    return format_html(
        '<a class="studio-picture" href="{}"><img src="{}" alt="{}"></a>', picture.url, small.url, alt
    )


def badge(value: str, label: str) -> SafeString:
    """Return a coloured word; ``value`` chooses the colour in admin.css."""
    return format_html('<span class="studio-badge studio-badge-{}">{}</span>', value, label)


def pixels(width: int, height: int) -> str:
    """Return a picture's size in pixels."""
    return f"{width} × {height}"  # noqa: RUF001  (the multiplication sign is meant)


def moment(at: datetime) -> str:
    """Return a time to the minute, in the person's zone, which the head of each page names."""
    return localtime(at).strftime("%Y-%m-%d %H:%M")


def link_to(page: str, key: UUID | int, text: Any) -> SafeString:
    """Return a link to a row's page. ``page`` is a name such as ``tryon_tryonjob``."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[key]), text)


def link_to_list(page: str, text: Any, **lookups: Any) -> SafeString:
    """Return a link to a list, filtered by fields of its rows."""
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_changelist", query=lookups), text)


def file_stem(file_name: str, longest: int) -> str:
    """Return a file's name without folder and extension, cut to ``longest`` characters, to name its row."""
    return PurePath(file_name).stem[:longest]


class PhotosInput(forms.FileInput):
    """A file input that takes several pictures."""

    allow_multiple_selected = True


class PhotosField(forms.FileField):
    """One or more picture files. The value is a list. The services check that the files are pictures."""

    widget = PhotosInput(attrs={"accept": "image/*,.heic,.heif,.avif"})
    default_error_messages = {
        "required": _("Choose at least one photo."),
        "too_many": _("Choose at most %(most)d photos at a time."),
    }

    @override
    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list) else [data]
        if len(files) > MOST_FILES:
            raise forms.ValidationError(
                self.error_messages["too_many"], code="too_many", params={"most": MOST_FILES}
            )
        return [super(PhotosField, self).clean(file, initial) for file in files or [None]]


class TagsField(forms.CharField):
    """A list of words, typed with commas between them."""

    @override
    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    @override
    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        text = super().to_python(value) or ""
        return [tag.strip() for tag in text.split(",") if tag.strip()]
