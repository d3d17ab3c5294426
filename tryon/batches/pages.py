"""The pages of plans and batches. They are registered in ``admin``."""

from collections.abc import Callable, Iterable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext_lazy as _

from config.core.admin.pages import admin_page, page_response
from config.shops.abilities import Ability
from tryon.batches import figures, orders
from tryon.batches.choice import MODELS_SHOWN, PRODUCTS_SHOWN, models_chosen, models_found
from tryon.batches.errors import BatchRefused
from tryon.batches.forms import PlanForm, TurnForm, ids_in
from tryon.batches.models import LIVE, Batch, BatchState, ItemState, NamedRecipe
from tryon.batches.plans import plan_make, plan_recount
from tryon.batches.sources import Source, chosen_words
from tryon.batches.words import words_of
from tryon.models import ProductImage

VIEW: Final = "batches.view_batch"
MOST_DIGITS: Final = 9


@admin_page("plan/", name="plan", permission=Ability.START_TRYONS)
def plan_page(request: HttpRequest) -> HttpResponse:
    """Show the page for a new plan, look for model photos, or make the plan."""
    if request.method != "POST":
        return new_plan(request, ids_in(" ".join(request.GET.getlist("product"))))
    models = ids_in(" ".join(request.POST.getlist("models")))
    form = PlanForm(request.POST)
    if not form.is_valid() or "search" in request.POST:
        return _plan_response(request, form, models)
    try:
        batch = _plan_of(request, form, models)
    except BatchRefused as refusal:
        form.add_error(None, refusal.message)
        return _plan_response(request, form, models)
    return redirect("admin:batch", batch.pk)


def new_plan(request: HttpRequest, product_ids: Iterable[UUID]) -> HttpResponse:
    """Return the page for a new plan, with these product photos chosen."""
    chosen = " ".join(map(str, product_ids))
    first = {"products": chosen, "source": Source.CHOSEN if chosen else Source.ALL}
    return _plan_response(request, PlanForm(initial=first), ids_in(" ".join(request.GET.getlist("model"))))


def _plan_of(request: HttpRequest, form: PlanForm, models: list[UUID]) -> Batch:
    """Make the plan, and the recipe if the person wants to keep the options. Raise BatchRefused."""
    cleaned = form.cleaned_data
    recipe = cleaned["recipe"]
    if cleaned["recipe_name"] and request.user.has_perm("batches.add_namedrecipe"):
        options = cleaned["options"].normalised()
        recipe, _is_new = NamedRecipe.objects.get_or_create(
            name=cleaned["recipe_name"], defaults={"options": options}
        )
    return plan_make(
        person_of(request),
        options=cleaned["options"],
        product_image_ids=form.product_ids(),
        model_image_ids=models,
        max_credits=cleaned["max_credits"],
        name=cleaned["name"],
        recipe=recipe,
        without_photo=form.without_photo(),
        chosen_by=form.chosen_by(),
        tries=cleaned["tries"] or 1,
    )


def _plan_response(request: HttpRequest, form: PlanForm, models: list[UUID]) -> HttpResponse:
    wanted = form.cleaned_data if form.is_bound and hasattr(form, "cleaned_data") else {}
    chosen = models_chosen(models)
    found = models_found(
        category=wanted.get("model_category", ""), search=wanted.get("q", ""), but=[row.pk for row in chosen]
    )
    product_ids = ids_in(str(form["products"].value() or ""))
    shown = ProductImage.objects.filter(pk__in=product_ids[:PRODUCTS_SHOWN])
    return page_response(
        request,
        "admin/batches/plan.html",
        title=_("Plan try-ons"),
        form=form,
        chosen=chosen,
        found=found[:MODELS_SHOWN],
        has_more=len(found) > MODELS_SHOWN,
        products=shown,
        without_photo=form.without_photo() if wanted else None,
        product_count=len(product_ids),
        filters=[form[name] for name in ("collection", "tag", "category")],
        option_fields=[form[name] for name in _option_fields(request)],
    )


def _option_fields(request: HttpRequest) -> list[str]:
    keep = ["recipe_name"] if request.user.has_perm("batches.add_namedrecipe") else []
    return ["recipe", "mode", "resolution", "background", "garment", *keep, "tries", "max_credits", "name"]


@admin_page("batches/<uuid:batch_id>/", name="batch", permission=VIEW)
def batch_page(request: HttpRequest, batch_id: UUID) -> HttpResponse:
    """Show a plan or a batch, or follow an order of a person about it."""
    batch = get_object_or_404(Batch.objects.select_related("created_by", "recipe"), pk=batch_id)
    if request.method == "POST":
        return _ordered(request, batch)
    return _batch_response(request, batch, TurnForm(instance=batch))


def _batch_response(request: HttpRequest, batch: Batch, turn: TurnForm) -> HttpResponse:
    return page_response(
        request,
        "admin/batches/batch.html",
        title=batch.name,
        batch=batch,
        options=words_of(batch.options),
        turn=turn,
        may_start=request.user.has_perm(Ability.START_TRYONS),
        figures=figures.figures_of(batch),
        purse=figures.purse() if batch.is_plan else None,
        guessed=figures.guessed(batch) if batch.is_plan else 0,
        without_photo=batch.selection.get("without_photo"),
        chosen_by=chosen_words(batch.selection.get("chosen_by")),
        tries=len(batch.selection.get("seeds", [])),
        blocked=figures.reasons(batch, ItemState.BLOCKED),
        failed=figures.reasons(batch, ItemState.FAILED),
        pictures=[] if batch.is_plan else figures.pictures(batch),
        waiting=figures.waiting_of(batch),
        missing=orders.credits_missing(batch) if batch.state == BatchState.PAUSED else 0,
        retry_price=orders.retry_price(batch) if batch.state in (*LIVE, BatchState.DONE) else 0,
        is_live=batch.state in (BatchState.CREATING, BatchState.RUNNING) or _is_ending(batch),
    )


def _is_ending(batch: Batch) -> bool:
    return batch.started_at is not None and batch.finished_at is None


def _ordered(request: HttpRequest, batch: Batch) -> HttpResponse:
    """Follow an order, and say what has come of it."""
    if not request.user.has_perm(Ability.START_TRYONS):
        raise PermissionDenied
    if request.POST.get("order") == "change":
        return _changed(request, batch)
    order = ORDERS.get(request.POST.get("order", ""))
    if order is None:
        return redirect("admin:batch", batch.pk)
    confirmed = request.POST.get("confirmed", "0")[:MOST_DIGITS]
    try:
        words = order(batch, person_of(request), int(confirmed) if confirmed.isdecimal() else 0)
    except BatchRefused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, str(words))
    if not Batch.objects.filter(pk=batch.pk).exists():
        return redirect("admin:plan")
    return redirect("admin:batch", batch.pk)


def _changed(request: HttpRequest, batch: Batch) -> HttpResponse:
    form = TurnForm(request.POST, instance=batch)
    if not form.is_valid():
        batch.refresh_from_db()
        return _batch_response(request, batch, form)
    try:
        orders.batch_change(batch, person_of(request), **form.cleaned_data)
    except BatchRefused as refusal:
        messages.warning(request, str(refusal.message))
    else:
        messages.success(request, str(_("The batch was changed.")))
    return redirect("admin:batch", batch.pk)


def _start(batch: Batch, person: User, confirmed: int) -> Any:
    orders.batch_start(batch, person, confirmed=confirmed)
    return _("The batch has started.")


def _pause(batch: Batch, person: User, confirmed: int) -> Any:
    orders.batch_pause(batch, person)
    return _("The batch is paused. What FASHN is making finishes and is kept.")


def _resume(batch: Batch, person: User, confirmed: int) -> Any:
    orders.batch_resume(batch, person, confirmed=confirmed)
    return _("The batch goes on.")


def _cancel(batch: Batch, person: User, confirmed: int) -> Any:
    orders.batch_cancel(batch, person)
    return _("The rest is canceled. What FASHN is making finishes and is kept.")


def _retry(batch: Batch, person: User, confirmed: int) -> Any:
    orders.batch_retry(batch, person, confirmed=confirmed)
    return _("The failed try-ons are tried again.")


def _recount(batch: Batch, person: User, confirmed: int) -> Any:
    plan_recount(batch)
    return _("The plan was counted again.")


def _discard(batch: Batch, person: User, confirmed: int) -> Any:
    orders.plan_discard(batch)
    return _("The plan was discarded. It has cost nothing.")


ORDERS: Final[dict[str, Callable[[Batch, User, int], Any]]] = {
    "start": _start,
    "pause": _pause,
    "resume": _resume,
    "cancel": _cancel,
    "retry": _retry,
    "recount": _recount,
    "discard": _discard,
}


def person_of(request: HttpRequest) -> User:
    """Return the person at the page. The admin lets in nobody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
