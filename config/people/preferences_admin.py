"""The page where a person chooses their time zone and language."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.pages import admin_page, page_response
from config.people.models import Preferences, preferences_of
from config.people.preferences import cache_key, is_spoken


def zones() -> list[tuple[str, Any]]:
    """Return the time zones to choose from, those of places by continent."""
    named = sorted(name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return [
        ("", _("The service's: %(zone)s") % {"zone": settings.TIME_ZONE}),
        ("UTC", "UTC"),
        *((name, name.replace("_", " ")) for name in named),
    ]


def languages() -> list[tuple[str, Any]]:
    """Return the languages to choose from, each by its own name."""
    return [
        ("", _("As the browser asks")),
        *((code, LANG_INFO[code]["name_local"]) for code, _name in settings.LANGUAGES),
    ]


class PreferencesForm(forms.Form):
    """A person's choices. A form that sends some of the fields changes these only."""

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, choices=zones)
    language = forms.ChoiceField(label=_("Language"), required=False, choices=languages)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound:
            self.fields = {name: field for name, field in self.fields.items() if name in self.data}


@admin_page("preferences/", name="preferences", permission=None)
def preferences_page(request: HttpRequest) -> HttpResponseBase:
    """Show and store the person's own preferences. Nobody sees another one's."""
    row = preferences_of(request.user)
    form = PreferencesForm(
        request.POST or None, initial={"time_zone": row.time_zone, "language": row.language}
    )
    if request.method == "POST" and form.is_valid():
        Preferences.objects.update_or_create(user_id=row.user_id, defaults=form.cleaned_data)
        cache.delete(cache_key(request.user))
        language = form.cleaned_data.get("language", "")
        with translation.override(language if is_spoken(language) else translation.get_language()):
            messages.success(request, gettext("Your preferences are saved."))
        return redirect(_next(request))
    return page_response(request, "admin/preferences.html", title=_("Your preferences"), form=form)


def _next(request: HttpRequest) -> str:
    """Return the page of ours that the person comes from, or the preferences."""
    wanted = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(wanted, None, require_https=request.is_secure())
    return wanted if wanted and is_ours else reverse("admin:preferences")
