"""Two people at one form: the second save is refused, so that nobody's change is lost unseen."""

import json
from typing import Any, Final, override

from django.db import models
from django.forms import BaseModelForm, ValidationError
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

FIELD: Final = "_version"
CHANGED: Final = _(
    "Somebody has changed this since you opened it, so nothing was saved. Open it again, and make your change"
    " to what is there now."
)


def version_of(row: models.Model, fields: Any) -> str:
    """Return a text that changes with each of these fields. It tells nothing of their values."""
    shown = model_to_dict(row, fields=[*fields])
    text = json.dumps(shown, default=lambda value: str(getattr(value, "pk", value)), sort_keys=True)
    return salted_hmac("studio.version", text, algorithm="sha256").hexdigest()


class VersionedForm(BaseModelForm):  # type: ignore[type-arg]  # at run time it takes none
    """A part of each form of a row that is there: it compares the version that the person has seen."""

    @property
    def version(self) -> str:
        """Return the version for the page: that of the row, or the one that a refused form came with."""
        return self.data.get(FIELD, "") if self.is_bound else version_of(self.instance, self.fields)

    @override
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        seen = self.data.get(FIELD)
        if seen and seen != self._version_now():
            message = format_html('{} <a href="">{}</a>', CHANGED, gettext("Open it again"))
            raise ValidationError(message, code="changed")
        return cleaned

    def _version_now(self) -> str:
        """Lock the row and read it: who saves at the same moment comes after this form, and is refused."""
        rows = self._meta.model._default_manager.select_for_update()
        row = rows.filter(pk=self.instance.pk).first()
        return "" if row is None else version_of(row, self.fields)


class VersionedAdmin:
    """Of an admin class, the part that puts the version into its forms of changes."""

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, *args, **kwargs)  # type: ignore[misc]  # the admin class's
        return form if obj is None else type(form)(form.__name__, (VersionedForm, form), {})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        context["version"] = form.version if isinstance(form, VersionedForm) else ""
        answer: HttpResponse = super().render_change_form(  # type: ignore[misc]  # the admin class's
            request, context, *args, **kwargs
        )
        return answer
