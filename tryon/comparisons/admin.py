"""The pages of comparisons: the list with the form, judging, and the outcome."""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from config.core.admin.base import sentence
from config.core.admin.lists import CappedPaginator
from config.core.admin.pages import admin_page, page_response
from config.core.errors import DomainError
from config.shops.abilities import Ability, is_allowed
from results.admin import TryOnResultAdmin
from results.models import TryOnResult
from tryon.batches.errors import BatchRefused
from tryon.batches.models import NamedRecipe
from tryon.batches.pages import person_of
from tryon.batches.plans import plan_make
from tryon.comparisons.forms import ComparisonForm
from tryon.comparisons.models import Comparison, ComparisonPair
from tryon.comparisons.selectors import (
    SIDES,
    pairs_missing,
    pairs_shown,
    pairs_to_judge,
    pairs_with_pictures,
    recipe_figures,
    shown,
    tally,
)
from tryon.comparisons.services import MOST_PAIRS, Ids, comparison_make, undo, vote
from tryon.comparisons.statistics import Tally
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.review.keys import COMPARISON_DEFAULTS, keys_of

VIEW: Final = "comparisons.view_comparison"
ADD: Final = "comparisons.add_comparison"
ROWS: Final = 50
ANSWERS: Final = ("left", "right", "equal", "skip")
MOST_IN_HAND: Final = 20
MOST_DIGITS: Final = 18  # of the id of a row
# The fields of the form that choose pairs.
OF_PAIRS: Final = frozenset({"batch", "collection", "numbers", "models"})
ACTIONS: Final = {
    "better_left": _("Left is better"),
    "better_equal": _("Equally good"),
    "better_right": _("Right is better"),
    "better_skip": _("Skip"),
    "better_undo": _("Undo"),
    "both_zoom_in": _("Zoom in"),
    "both_zoom_out": _("Zoom out"),
    "both_zoom_reset": _("Whole picture"),
    "both_left": _("Move left"),
    "both_right": _("Move right"),
    "both_up": _("Move up"),
    "both_down": _("Move down"),
}


@admin_page("comparisons/", name="comparisons", permission=VIEW)
def comparisons(request: HttpRequest) -> HttpResponse:
    """List the comparisons, and take in a new one."""
    if request.method != "POST":
        return _list(request, ComparisonForm(initial={"batch": request.GET.get("batch", "")}))
    form = ComparisonForm(request.POST)
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    if form.is_valid() and (made := _made(request, form)) is not None:
        return redirect("admin:comparison_outcome", made.pk)
    return _list(request, form)


def new_comparison(request: HttpRequest, pairs: Iterable[Ids]) -> HttpResponse:
    """Return the page with the form for a new comparison of these pairs. Raise PermissionDenied."""
    if not request.user.has_perm(ADD):
        raise PermissionDenied
    once = dict.fromkeys(pairs)  # several results may be of one pair
    chosen = " ".join(f"{product}:{model}" for product, model in once)
    return _list(request, ComparisonForm(initial={"chosen": chosen}))


def _list(request: HttpRequest, form: ComparisonForm) -> HttpResponse:
    chosen = str(form["chosen"].value() or "").split()
    rows = Comparison.objects.select_related("recipe_a", "recipe_b", "created_by")
    page = CappedPaginator(rows, ROWS).get_page(request.GET.get("p"))
    return page_response(
        request,
        "admin/comparisons/list.html",
        title=_("Comparisons"),
        page=page,
        form=form if request.user.has_perm(ADD) else None,
        chosen=len(chosen),
        fields=[field for field in form.visible_fields() if not chosen or field.name not in OF_PAIRS],
        has_recipes=len(NamedRecipe.objects.all()[:2]) == 2,
    )


@admin_page("comparisons/<uuid:comparison_id>/", name="comparison", permission=Ability.REVIEW_RESULTS)
def comparison(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    """Show the next pair of pictures, without the names of their recipes."""
    row = _row(comparison_id)
    person = person_of(request)
    return page_response(
        request,
        "admin/comparisons/judge.html",
        title=_("Compare: %(name)s") % {"name": row.name},
        comparison=row,
        pairs=pairs_shown(row, person),
        actions=[*ACTIONS.items()],
        keys=keys_of(person, COMPARISON_DEFAULTS),
        default_keys=COMPARISON_DEFAULTS,
        progress=_progress(row, person),
        may_see_outcome=request.user.has_perm(VIEW),
    )


@admin_page(
    "comparisons/<uuid:comparison_id>/votes/", name="comparison_votes", permission=Ability.REVIEW_RESULTS
)
@require_POST
def comparison_votes(request: HttpRequest, comparison_id: UUID) -> JsonResponse:
    """Take a vote, or take the latest back, and answer with the pairs that come next."""
    row, person = _row(comparison_id), person_of(request)
    first: list[Any] = []
    if request.POST.get("side") == "undo":
        again = undo(comparison=row, person=person)
        pairs = row.pairs.filter(pk__in=[again] if again else []).select_related(
            "product_image", "model_image"
        )
        first = [*shown(pairs, person)]
    elif request.POST.get("side") in ANSWERS:
        vote(pair=_pair(row, request.POST.get("pair", "")), person=person, side=request.POST["side"])
    else:
        return JsonResponse({"error": gettext("Reload the page.")}, status=400)
    in_hand = [int(key) for key in request.POST.getlist("have")[:MOST_IN_HAND] if is_key(key)]
    in_hand += [pair["id"] for pair in first]
    pairs_next = [*first, *pairs_shown(row, person, but=in_hand)]
    over = tally(row).is_decided
    return JsonResponse({"pairs": pairs_next, "progress": _progress(row, person), "isOver": over})


@admin_page("comparisons/<uuid:comparison_id>/outcome/", name="comparison_outcome", permission=VIEW)
def comparison_outcome(request: HttpRequest, comparison_id: UUID) -> HttpResponse:
    """Show how often each recipe won, and what its pictures cost. A POST plans the missing pictures."""
    row = _row(comparison_id)
    if request.method == "POST":
        return _plan(request, row)
    votes = tally(row)
    missing = {side: pairs_missing(row, side) for side in SIDES}
    return page_response(
        request,
        "admin/comparisons/outcome.html",
        title=row.name,
        comparison=row,
        tally=votes,
        percent=_percent(votes),
        sides=[
            {
                "side": side,
                "recipe": getattr(row, f"recipe_{side}"),
                "figures": recipe_figures(row, side),
                "missing": len(missing[side]),
            }
            for side in SIDES
        ],
        pairs=row.pairs.count(),
        ready=pairs_with_pictures(row).count(),
        may_plan=is_allowed(request.user, Ability.START_TRYONS),
        may_judge=is_allowed(request.user, Ability.REVIEW_RESULTS),
    )


def _plan(request: HttpRequest, row: Comparison) -> HttpResponse:
    """Make a plan of a recipe's missing pictures. Its own page says the price, and starts it."""
    if not is_allowed(request.user, Ability.START_TRYONS):
        raise PermissionDenied
    side = "b" if request.POST.get("side") == "b" else "a"
    recipe = getattr(row, f"recipe_{side}")
    try:
        batch = plan_make(
            person_of(request),
            options=TryOnOptions.from_mapping(getattr(row, f"options_{side}")),
            pairs=pairs_missing(row, side),
            name=f"{row.name} · {recipe}"[:200],
            recipe=recipe,
        )
    except BatchRefused as refusal:
        messages.warning(request, refusal.message)
    except OptionError:
        messages.warning(request, _("These options can't be used any more. Compare other recipes."))
    else:
        return redirect("admin:batch", batch.pk)
    return redirect("admin:comparison_outcome", row.pk)


def _made(request: HttpRequest, form: ComparisonForm) -> Comparison | None:
    """Make the comparison that a form asks for. None if it was refused, and the form says why."""
    wish = form.cleaned_data
    try:
        return comparison_make(
            person_of(request),
            name=wish["name"],
            recipe_a=wish["recipe_a"],
            recipe_b=wish["recipe_b"],
            pairs=form.pairs(),
        )
    except DomainError as error:
        form.add_error(None, sentence(error))
        return None


def _percent(votes: Tally) -> dict[str, int]:
    """Return the win rate and its interval in percent, nothing before the first vote."""
    rate, interval = votes.win_rate, votes.interval
    if rate is None or interval is None:
        return {}
    return {"rate": round(100 * rate), "low": round(100 * interval.low), "high": round(100 * interval.high)}


def _progress(row: Comparison, person: User) -> str:
    """Return how far a person is, in words. It tells nothing of who is ahead."""
    if tally(row).is_decided:
        return gettext("Decided: enough people agree. Nobody is asked any more.")
    left = pairs_to_judge(row, person).count()
    if not left:
        return gettext("You have judged every pair whose two pictures are there.")
    return ngettext("%(number)d pair is left for you.", "%(number)d pairs are left for you.", left) % {
        "number": left
    }


def _row(comparison_id: UUID) -> Comparison:
    return get_object_or_404(Comparison.objects.select_related("recipe_a", "recipe_b"), pk=comparison_id)


def is_key(text: str) -> bool:
    """Return whether a text may be the id of a pair."""
    return text.isdecimal() and len(text) <= MOST_DIGITS


def _pair(row: Comparison, key: str) -> ComparisonPair:
    pair = row.pairs.filter(pk=key).first() if is_key(key) else None
    if pair is None:
        raise Http404
    return pair


@admin.action(description=_("Compare two recipes…"), permissions=["compare"])
def compare(_admin: Any, request: HttpRequest, queryset: QuerySet[TryOnResult]) -> HttpResponse:
    """Begin a comparison on the pairs of the chosen results."""
    own = queryset.filter(job__shopper_photo=None, job__model_image__isnull=False).order_by("pk")
    return new_comparison(
        request, own.values_list("job__product_image", "job__model_image")[: MOST_PAIRS + 1]
    )


# The list of results knows no room of the back office.
_results: Any = TryOnResultAdmin
_results.actions = [*(_results.actions or ()), compare]
_results.has_compare_permission = lambda _admin, request: request.user.has_perm(ADD)
