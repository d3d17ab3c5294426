"""Batches and recipes in the admin."""

from typing import Any, override

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.core.admin.base import ReadOnlyAdmin, StudioAdmin
from config.core.admin.widgets import badge, moment
from tryon.batches import pages
from tryon.batches.forms import RecipeForm
from tryon.batches.models import Batch, ItemState, NamedRecipe
from tryon.batches.words import words_of

__all__ = ["pages"]  # it registers its pages


@admin.register(Batch)
class BatchAdmin(ReadOnlyAdmin[Batch]):
    """The list of batches. Each has a page of its own."""

    change_list_template = "admin/batches/list.html"
    list_display = ["title", "state_badge", "progress", "pairs", "cost", "priority", "person", "created"]
    list_display_links = None  # the name leads to the batch's own page
    list_select_related = ["created_by"]
    list_filter = ["state", "created_by", "created_at"]
    search_fields = ["name"]

    @override
    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("selection")

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Batch | None = None) -> bool:
        return False

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        batch = self.get_object(request, object_id)
        if request.method == "POST" or batch is None or not self.has_view_permission(request, batch):
            return super().change_view(request, object_id, form_url, extra_context)
        return redirect("admin:batch", batch.pk)

    @admin.display(description=_("name"), ordering="name")
    def title(self, batch: Batch) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("admin:batch", args=[batch.pk]), batch.name)

    @admin.display(description=_("state"), ordering="state")
    def state_badge(self, batch: Batch) -> SafeString:
        return badge(batch.state, str(batch.get_state_display()))

    @admin.display(description=_("progress"))
    def progress(self, batch: Batch) -> SafeString | str:
        """Return how much of it is over, as the feeder saw it last."""
        if batch.is_plan or not batch.pairs:
            return "-"
        to_do = batch.counts.get(ItemState.WAITING, 0) + batch.counts.get(ItemState.QUEUED, 0)
        percent = 100 * (batch.pairs - to_do) // batch.pairs
        label = gettext("Progress of %(name)s") % {"name": batch.name}
        return format_html(
            '<progress max="100" value="{0}" aria-label="{1}">{0} %</progress> {0} %', percent, label
        )

    @admin.display(description=_("credits at most"), ordering="max_credits")
    def cost(self, batch: Batch) -> int | None:
        return batch.price if batch.is_plan else batch.max_credits

    @admin.display(description=_("person"), ordering="created_by")
    def person(self, batch: Batch) -> str | None:
        return None if batch.created_by is None else str(batch.created_by)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, batch: Batch) -> str:
        return moment(batch.created_at)


@admin.register(NamedRecipe)
class NamedRecipeAdmin(StudioAdmin[NamedRecipe]):
    """Recipes by their names."""

    form = RecipeForm
    fields = ["name", "mode", "resolution", "background", "garment", "is_active"]
    list_display = ["name", "words", "is_active", "created"]
    list_filter = ["is_active"]
    search_fields = ["name"]

    @override
    def response_add(
        self, request: HttpRequest, obj: NamedRecipe, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Lead back to the page of comparisons, if its form has sent the person here."""
        answer = super().response_add(request, obj, post_url_continue)
        if request.GET.get("for") == "comparison" and "_save" in request.POST:
            return redirect("admin:comparisons")
        return answer

    @admin.display(description=_("options"))
    def words(self, recipe: NamedRecipe) -> str:
        return words_of(recipe.options)

    @admin.display(description=_("created"), ordering="created_at")
    def created(self, recipe: NamedRecipe) -> str:
        return moment(recipe.created_at)
