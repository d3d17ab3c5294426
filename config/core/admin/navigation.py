"""The navigation by task: what a person may open, on top of each page of the admin.

It knows no app: the wiring names the tasks, and each task its places.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the admin, by the name of its address. It is there for people with the permission.

    Pages whose names begin with ``covers`` belong to it: by default those of the same model.
    """

    name: str
    label: Any
    permission: str = ""
    covers: str = ""

    @property
    def beginning(self) -> str:
        """Return how the names of its pages begin."""
        return self.covers or self.name.removesuffix("_changelist")


@dataclass(frozen=True, slots=True)
class Task:
    """Something that people do here: its first open place is where its link leads."""

    label: Any
    places: tuple[Place, ...]
    takes_the_rest: bool = False  # the lists that no task names


@dataclass(frozen=True, slots=True)
class Link:
    """A link of the navigation. ``current`` is the value of ``aria-current``, empty elsewhere."""

    label: Any
    address: str
    current: str = ""


@dataclass(frozen=True, slots=True)
class Navigation:
    """The tasks, and the places of the task that the present page belongs to."""

    tasks: list[Link]
    places: list[Link]


type Allowed = Callable[[str], bool]
"""Return whether the person has a permission."""


def navigation(
    request: HttpRequest, site: AdminSite, tasks: Iterable[Task], is_allowed: Allowed
) -> Navigation:
    """Return the links for a person, and where they are."""
    here = request.resolver_match.url_name if request.resolver_match else ""
    tasks = [*tasks]
    named = {place.name for task in tasks for place in task.places}
    open_places = {
        task: [
            (place, address)
            for place in (*task.places, *(rest(request, site, named) if task.takes_the_rest else ()))
            if (not place.permission or is_allowed(place.permission))
            and (address := address_of(place.name)) is not None
        ]
        for task in tasks
    }
    found = [place for places in open_places.values() for place, _address in places]
    present = max(
        (place for place in found if (here or "").startswith(place.beginning)),
        key=lambda place: len(place.beginning),
        default=None,
    )
    links, beside = [], []
    for task, places in open_places.items():
        if not places:
            continue
        is_present = any(place is present for place, _address in places)
        links.append(Link(task.label, places[0][1], "true" if is_present else ""))
        if is_present:
            beside = [
                Link(place.label, address, mark(request, address) if place is present else "")
                for place, address in places
            ]
    return Navigation(links, beside if len(beside) > 1 else [])


def mark(request: HttpRequest, address: str) -> str:
    """Return how a link to the present place is marked: as this page, or as the one above it."""
    return "page" if request.path == address.partition("?")[0] else "true"


def rest(request: HttpRequest, site: AdminSite, named: set[str]) -> Iterator[Place]:
    """Yield the lists of models that no task names and that the person may see."""
    for model, admin in site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}_changelist"
        if name not in named and admin.has_view_permission(request):
            label = str(model._meta.verbose_name_plural)
            yield Place(name, label[:1].upper() + label[1:])


def address_of(name: str) -> str | None:
    """Return the address of a page of the admin. None if it has no such page."""
    try:
        return reverse(f"admin:{name}")
    except NoReverseMatch:
        return None


def address_of_row(row: Model) -> str:
    """Return the address of a row's page, empty if the admin has none."""
    meta = row._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return ""
