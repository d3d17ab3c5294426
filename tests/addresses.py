"""Each address of the admin and of RQ's dashboard, with the answer to each kind of caller.

All others are in ``tests/access.txt``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from config.shops.abilities import Ability

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Nobody has it: for what the admin offers to no one.
NOBODY: Final = "nobody"


@dataclass(frozen=True, slots=True)
class Row:
    """One method of one address.

    Who is not staff gets ``others``. Staff without the permissions in ``needs`` get ``staff``, with them
    ``ok``.
    """

    others: int
    staff: int
    ok: int
    needs: frozenset[str] = frozenset()
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


# Some without a session of the staff, by their names in ``tests/access.txt``. The admin looks at no key.
OUTSIDERS: Final = ("none", "mgr", "ada's", "guest")


def page(*needs: str, ok: int = 200, **more: Any) -> Row:
    """A page of the admin: everybody but staff is led to the login, whatever key they have."""
    refused = ok if not needs else 403
    return Row(302, refused, ok, frozenset(needs), **more)


def forms(
    app: str,
    model: str,
    *,
    add: bool = False,
    change: bool = False,
    delete: bool = False,
    deleting: int = 302,
    delete_page: int = 200,
    change_page: int = 200,
    view: str = "",
) -> dict[str, dict[str, Row]]:
    """The pages that Django's admin makes for a model, of which some are closed to everyone."""

    def may(kind: str, is_offered: bool = True) -> str:
        if kind == "view" and view:
            return view
        return f"{app}.{kind}_{model}" if is_offered else NOBODY

    root, one = f"admin/{app}/{model}/", f"admin/{app}/{model}/<path:object_id>/"
    return {
        root: {"GET": page(may("view")), "POST": page(may("view"))},
        f"{root}add/": {"GET": page(may("add", add)), "POST": page(may("add", add))},
        f"{one}history/": {"GET": page(may("view")), "POST": page(may("view"))},
        f"{one}delete/": {
            "GET": page(may("delete", delete), ok=delete_page),
            "POST": page(may("delete", delete), ok=deleting, body={"post": "yes"}),
        },
        f"{one}change/": {
            "GET": page(may("view"), ok=change_page),
            # One that leads to a page of its own does so with each method.
            "POST": page(may("change", change and change_page == 200)),
        },
        one: {"GET": page(ok=302), "POST": page(ok=302)},
    }


def erasing(app: str, model: str) -> dict[str, dict[str, Row]]:
    """The page that erases a photo."""
    needs = (Ability.ERASE_PHOTOS, f"{app}.view_{model}")
    return {
        f"admin/{app}/{model}/<path:object_id>/erase/": {
            "GET": page(*needs),
            "POST": page(*needs, ok=302),
        }
    }


IMPORT: Final = ("catalogue.add_product", "catalogue.change_product")
COMPARE: Final = "comparisons.view_comparison"
QUEUES: Final = Ability.OPERATE_QUEUES
RQ: Final = "admin/django_rq/dashboard/"
QUEUE: Final = f"{RQ}queues/<int:queue_index>/"
TASK: Final = f"{QUEUE}<str:job_id>/"
CRON: Final = f"{RQ}cron-schedulers/<int:connection_index>/<str:scheduler_name>/"


def queue(get: int = 200, post: int = 200) -> dict[str, Row]:
    """An address of RQ's dashboard. The tasks, workers and clocks that the test names are not there."""
    return {"GET": page(QUEUES, ok=get), "POST": page(QUEUES, ok=post)}


OF_RQ: Final[dict[str, dict[str, Row]]] = {
    RQ: queue(),
    f"{RQ}^metrics/?$": queue(),
    f"{RQ}^stats.json/?$": queue(),
    f"{RQ}^stats.json/(?P<token>[\\w]+)?/?$": queue(),
    QUEUE: queue(),
    f"{QUEUE}details/": queue(),
    f"{QUEUE}finished/": queue(),
    f"{QUEUE}failed/": queue(),
    f"{QUEUE}failed/clear/": queue(post=302),
    f"{QUEUE}scheduled/": queue(),
    f"{QUEUE}started/": queue(),
    f"{QUEUE}deferred/": queue(),
    f"{QUEUE}empty/": queue(post=302),
    f"{QUEUE}requeue-all/": queue(post=302),
    TASK: queue(404, 404),
    f"{TASK}results/<str:result_id>/": queue(404, 404),
    f"{TASK}delete/": queue(404, 404),
    f"{TASK}requeue/": queue(404, 404),
    f"{TASK}enqueue/": queue(404, 404),
    f"{TASK}stop/": queue(404, 404),
    f"{RQ}queues/confirm-action/<int:queue_index>/": queue(302, 302),
    f"{RQ}queues/actions/<int:queue_index>/": queue(302, 302),
    f"{RQ}workers/<int:queue_index>/": queue(),
    f"{RQ}workers/<int:queue_index>/<str:key>/": queue(404, 404),
    CRON: queue(404, 404),
    f"{CRON}jobs/<path:cron_job_name>/": queue(404, 404),
}

# In the order in which the admin knows them.
APPS: Final = (
    "api|auth|upkeep|people|results|models_library|tryon|catalogue|django_rq|batches|archive|webhooks"
)

OF_THE_ADMIN: Final[dict[str, dict[str, Row]]] = {
    "admin/": {"GET": page(), "POST": page()},
    "admin/search/": {"GET": page(), "POST": page()},
    "admin/runbook/": {"GET": page(), "POST": page()},
    "admin/login/": {
        "GET": Row(200, 302, 302),
        "POST": Row(200, 200, 200),
    },
    "admin/logout/": {
        "GET": Row(302, 405, 405),
        "POST": Row(302, 200, 200),
    },
    "admin/password_change/": {"GET": page(), "POST": page()},
    "admin/password_change/done/": {"GET": page(), "POST": page(ok=405)},
    "admin/autocomplete/": {
        "GET": page(
            Ability.USE_ANY_PHOTO,
            query={"app_label": "tryon", "model_name": "tryonjob", "field_name": "product_image"},
        ),
        "POST": page(ok=405),
    },
    "admin/first-run/": {
        "GET": page(Ability.SEE_OPERATIONS),
        "POST": page(Ability.SEE_OPERATIONS, ok=302),
    },
    "admin/alerts/": {
        "GET": page(Ability.SEE_ALERTS),
        "POST": page(Ability.SEE_ALERTS, Ability.TEST_ALERTS, ok=302),
    },
    "admin/cleanups/": {
        "GET": page(Ability.SEE_CLEANUPS),
        "POST": page(Ability.SEE_CLEANUPS, Ability.RUN_CLEANUPS, ok=404),  # it names no task
    },
    "admin/preferences/": {"GET": page(), "POST": page(ok=302, body={"language": "ko"})},
    "admin/jsi18n/": {"GET": page(), "POST": page(ok=405)},
    "admin/auth/user/<id>/password/": {"GET": page("auth.change_user"), "POST": page("auth.change_user")},
    **forms("auth", "group", add=True, change=True, delete=True),
    **forms("auth", "user", add=True, change=True, delete=True),
    # Who adds a user goes on to change it.
    "admin/auth/user/add/": {method: page("auth.add_user", "auth.change_user") for method in ("GET", "POST")},
    **forms("api", "apikey", add=True, change=True, delete=True),
    **forms("api", "shop", add=True, change=True),
    **forms("webhooks", "webhookendpoint", add=True, change=True, delete=True),
    **forms("webhooks", "webhookdelivery"),
    **forms("upkeep", "cleanuprun"),
    **forms("people", "auditentry"),
    # A photo that try-ons use is not deleted.
    **forms("models_library", "modelimage", add=True, change=True, delete=True, delete_page=302),
    **forms("results", "tryonresult", delete=True),
    **forms("catalogue", "product", add=True, change=True, delete=True),
    # All that may change is optional.
    "admin/catalogue/product/<path:object_id>/change/": {
        "GET": page("catalogue.view_product"),
        "POST": page("catalogue.change_product", ok=302),
    },
    **forms("tryon", "tryonjob"),
    **forms("archive", "archivedjob", view=Ability.SEE_ALL_JOBS),
    **forms("batches", "namedrecipe", add=True, change=True, delete=True),
    **forms("batches", "batch", change_page=302),
    "admin/board/": {
        "GET": page(Ability.SEE_ALL_RESULTS),
        "POST": page(Ability.SEE_ALL_RESULTS, Ability.START_TRYONS, ok=400),  # nothing is chosen
    },
    "admin/plan/": {"GET": page(Ability.START_TRYONS), "POST": page(Ability.START_TRYONS)},
    "admin/batches/<uuid:batch_id>/": {
        "GET": page("batches.view_batch"),
        "POST": page("batches.view_batch", Ability.START_TRYONS, ok=302),
    },
    "admin/tryon/tryonjob/<path:object_id>/bundle/": {
        "GET": page(Ability.SEE_ALL_JOBS),
        "POST": page(ok=405),
    },
    **forms("tryon", "productimage", add=True, change=True),
    **{
        f"admin/{list_}/add/one/": {"GET": page(ok=405), "POST": page(needed)}
        for list_, needed in (
            ("models_library/modelimage", Ability.ADD_MODELS),
            ("tryon/productimage", Ability.UPLOAD_PHOTOS),
        )
    },
    **{
        f"admin/{list_}/filters/{rest}": {"GET": page(ok=405), "POST": page(needed, ok=302)}
        for list_, needed in (
            ("models_library/modelimage", Ability.SEE_RETIRED_MODELS),
            ("tryon/productimage", Ability.USE_ANY_PHOTO),
        )
        for rest in ("", "<uuid:key>/remove/")
    },
    **erasing("models_library", "modelimage"),
    **erasing("tryon", "productimage"),
    "admin/models_library/modelimage/<path:object_id>/replace/": {
        method: page(Ability.ADD_MODELS, Ability.CHANGE_MODELS) for method in ("GET", "POST")
    },
    "admin/tryon/productimage/<path:object_id>/replace/": {
        method: page(Ability.UPLOAD_PHOTOS, "tryon.change_productimage") for method in ("GET", "POST")
    },
    "admin/models_library/modelimage/<path:object_id>/release/": {
        "GET": page(Ability.CHANGE_MODELS),
        "POST": page(Ability.CHANGE_MODELS),
    },
    # The photo has none.
    "admin/models_library/modelimage/<path:object_id>/release/file/": {
        "GET": page(Ability.CHANGE_MODELS, ok=404),
        "POST": page(Ability.CHANGE_MODELS, ok=404),
    },
    "admin/products/import/": {"GET": page(*IMPORT), "POST": page(*IMPORT)},
    # Another person's import.
    "admin/products/import/<uuid:import_id>/": {
        "GET": page(*IMPORT, ok=404),
        "POST": page(*IMPORT, ok=404),
    },
    "admin/releases/": {
        "GET": page(Ability.SEE_RETIRED_MODELS),
        "POST": page(Ability.SEE_RETIRED_MODELS, Ability.REVIEW_RESULTS, ok=302),
    },
    "admin/tryon/governor/": {"GET": page(Ability.SEE_OPERATIONS), "POST": page(Ability.SEE_OPERATIONS)},
    "admin/tryon/governor/doctor/": {
        "GET": page(Ability.SEE_OPERATIONS),
        "POST": page(Ability.SEE_OPERATIONS, ok=302),
    },
    "admin/tryon/governor/pause/": {"GET": page(ok=405), "POST": page(Ability.PAUSE, ok=302)},
    "admin/tryon/governor/resume/": {"GET": page(ok=405), "POST": page(Ability.PAUSE, ok=302)},
    "admin/review/": {"GET": page(Ability.REVIEW_RESULTS), "POST": page(Ability.REVIEW_RESULTS)},
    "admin/review/approved.zip": {
        "GET": page(Ability.SEE_ALL_RESULTS, ok=302),
        "POST": page(Ability.SEE_ALL_RESULTS, ok=405),
    },
    "admin/review/sheet/": {
        "GET": page(Ability.REVIEW_RESULTS),
        "POST": page(Ability.REVIEW_RESULTS, ok=302),
    },
    **{
        f"admin/review/{call}/": {
            "GET": page(Ability.REVIEW_RESULTS, ok=405),
            "POST": page(Ability.REVIEW_RESULTS, ok=400),
        }
        for call in ("next", "decide", "undo", "again", "hold", "leave", "keys")
    },
    f"admin/^(?P<app_label>{APPS})/$": {
        "GET": page("upkeep.view_cleanuprun"),
        "POST": page("upkeep.view_cleanuprun"),
    },
    **{
        f"admin/money/{part}": {"GET": page(Ability.SEE_MONEY), "POST": page(Ability.SEE_MONEY)}
        for part in ("", "calls/", "csv/")
    },
    "admin/comparisons/": {"GET": page(COMPARE), "POST": page(COMPARE, "comparisons.add_comparison")},
    "admin/comparisons/<uuid:comparison_id>/": {
        method: page(Ability.REVIEW_RESULTS) for method in ("GET", "POST")
    },
    "admin/comparisons/<uuid:comparison_id>/votes/": {
        "GET": page(Ability.REVIEW_RESULTS, ok=405),
        "POST": page(Ability.REVIEW_RESULTS, body={"side": "undo"}),
    },
    "admin/comparisons/<uuid:comparison_id>/outcome/": {
        "GET": page(COMPARE),
        "POST": page(COMPARE, Ability.START_TRYONS, ok=302),
    },
    "admin/(?P<url>.*)$": {"GET": page(ok=404), "POST": page(ok=404)},
}


def routes(node: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each address that the service has, as its URLconf writes it."""
    for pattern in (node or get_resolver()).url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern
