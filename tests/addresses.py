"""Every address of the service, with each method that it takes and the answer to each kind of caller."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from config.shops.abilities import Ability

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Nobody has it: for what the admin offers to no one.
NOBODY: Final = "nobody"

type Expected = int | str
"""A status, or for a list the status and the number of rows, such as ``200/2``."""


@dataclass(frozen=True, slots=True)
class Row:
    """One method of one address.

    ``callers`` has the answers to those who are not staff. Staff without the permissions in ``needs`` get
    ``staff``, with them ``ok``.
    """

    callers: Mapping[str, Expected]
    staff: Expected
    ok: Expected
    needs: frozenset[str] = frozenset()
    body: Mapping[str, Any] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


CALLERS: Final = ("anonymous", "visitor", "owner", "stranger", "manager")


def everyone(answer: Expected, **more: Any) -> Row:
    """An address that does not look at who asks."""
    return Row({"anonymous": answer, "stranger": answer}, answer, answer, **more)


def page(*needs: str, ok: Expected = 200, **more: Any) -> Row:
    """A page of the admin: everybody but staff is led to the login, whatever key they have."""
    refused = ok if not needs else 403
    return Row({"anonymous": 302, "visitor": 302, "manager": 302}, refused, ok, frozenset(needs), **more)


def call(
    visitor: Expected,
    owner: Expected,
    stranger: Expected,
    manager: Expected,
    staff: Expected,
    *needs: str,
    **more: Any,
) -> Row:
    """A call of the API, by each kind of caller. Staff with the permissions get the manager's answer."""
    callers = dict(zip(CALLERS, (401, visitor, owner, stranger, manager), strict=True))
    return Row(callers, staff, manager, frozenset(needs), **more)


def forms(
    app: str,
    model: str,
    *,
    add: bool = False,
    change: bool = False,
    delete: bool = False,
    deleting: Expected = 302,
    delete_page: Expected = 200,
) -> dict[str, dict[str, Row]]:
    """The pages that Django's admin makes for a model, of which some are closed to everyone."""

    def may(kind: str, is_offered: bool = True) -> str:
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
        f"{one}change/": {"GET": page(may("view")), "POST": page(may("change", change))},
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


QUEUES: Final = Ability.OPERATE_QUEUES
RQ: Final = "admin/django_rq/dashboard/"
QUEUE: Final = f"{RQ}queues/<int:queue_index>/"
TASK: Final = f"{QUEUE}<str:job_id>/"
CRON: Final = f"{RQ}cron-schedulers/<int:connection_index>/<str:scheduler_name>/"


def queue(get: Expected = 200, post: Expected = 200) -> dict[str, Row]:
    """An address of RQ's dashboard. The tasks, workers and clocks that the test names are not there."""
    return {"GET": page(QUEUES, ok=get), "POST": page(QUEUES, ok=post)}


OF_RQ: Final[dict[str, dict[str, Row]]] = {
    RQ: queue(),
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
    f"{TASK}stop/": queue(405, 302),
    f"{RQ}queues/confirm-action/<int:queue_index>/": queue(302, 302),
    f"{RQ}queues/actions/<int:queue_index>/": queue(302, 302),
    f"{RQ}workers/<int:queue_index>/": queue(),
    f"{RQ}workers/<int:queue_index>/<str:key>/": queue(404, 404),
    CRON: queue(404, 404),
    f"{CRON}jobs/<path:cron_job_name>/": queue(404, 404),
}

OF_THE_ADMIN: Final[dict[str, dict[str, Row]]] = {
    "admin/": {"GET": page(), "POST": page()},
    "admin/login/": {
        "GET": Row({"anonymous": 200, "visitor": 200, "manager": 200}, 302, 302),
        "POST": Row({"anonymous": 200, "visitor": 200, "manager": 200}, 200, 200),
    },
    "admin/logout/": {
        "GET": Row({"anonymous": 302, "visitor": 302, "manager": 302}, 405, 405),
        "POST": Row({"anonymous": 302, "visitor": 302, "manager": 302}, 200, 200),
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
    "admin/jsi18n/": {"GET": page(), "POST": page(ok=405)},
    "admin/auth/user/<id>/password/": {"GET": page("auth.change_user"), "POST": page("auth.change_user")},
    **forms("auth", "group", add=True, change=True, delete=True),
    **forms("auth", "user", add=True, change=True, delete=True),
    # Who adds a user goes on to change it.
    "admin/auth/user/add/": {method: page("auth.add_user", "auth.change_user") for method in ("GET", "POST")},
    **forms("api", "apikey", add=True, change=True, delete=True),
    **forms("api", "shop", add=True, change=True),
    **forms("upkeep", "cleanuprun"),
    # A photo that try-ons use is not deleted.
    **forms("models_library", "modelimage", add=True, change=True, delete=True, delete_page=302),
    **forms("results", "tryonresult", delete=True),
    **forms("tryon", "tryonjob"),
    **forms("tryon", "productimage", add=True, change=True),
    **erasing("models_library", "modelimage"),
    **erasing("tryon", "productimage"),
    "admin/tryon/governor/": {"GET": page(Ability.SEE_OPERATIONS), "POST": page(Ability.SEE_OPERATIONS)},
    "admin/tryon/governor/doctor/": {
        "GET": page(Ability.SEE_OPERATIONS),
        "POST": page(Ability.SEE_OPERATIONS, ok=302),
    },
    "admin/tryon/governor/pause/": {"GET": page(ok=405), "POST": page(Ability.PAUSE, ok=302)},
    "admin/tryon/governor/resume/": {"GET": page(ok=405), "POST": page(Ability.PAUSE, ok=302)},
    "admin/^(?P<app_label>api|auth|upkeep|results|models_library|tryon|django_rq)/$": {
        "GET": page("upkeep.view_cleanuprun"),
        "POST": page("upkeep.view_cleanuprun"),
    },
    "admin/(?P<url>.*)$": {"GET": page(ok=404), "POST": page(ok=404)},
}

OF_THE_API: Final[dict[str, dict[str, Row]]] = {
    # visitor, owner, stranger, manager or staff with the permission, staff without
    "api/tryon/sessions": {
        "POST": Row(
            {"anonymous": 401, "visitor": 201, "owner": 400, "stranger": 400, "manager": 400}, 401, 401
        )
    },
    "api/tryon/models": {
        "GET": call("200/1", "200/1", "200/1", "200/2", "200/1", Ability.SEE_RETIRED_MODELS),
        "POST": call(403, 403, 403, 400, 403, Ability.ADD_MODELS),
    },
    "api/tryon/models/<id:image_id>": {
        "GET": call(200, 200, 200, 200, 200),
        "PATCH": call(403, 403, 403, 200, 403, Ability.CHANGE_MODELS),
    },
    "api/tryon/results": {
        "GET": call("200/0", "200/1", "200/0", "200/1", "200/0", Ability.SEE_ALL_RESULTS),
    },
    "api/tryon/results/<id:result_id>": {
        "GET": call(404, 200, 404, 200, 404, Ability.SEE_ALL_RESULTS),
        "DELETE": call(404, 204, 404, 204, 404, Ability.SEE_ALL_RESULTS, Ability.DELETE_RESULTS),
    },
    "api/tryon/results/<id:result_id>/feedback": {
        "POST": call(404, 201, 404, 201, 404, Ability.REVIEW_RESULTS, body={"verdict": "yes"}),
    },
    "api/tryon/upload": {"POST": call(400, 400, 400, 400, 403, Ability.UPLOAD_PHOTOS)},
    "api/tryon/uploads": {
        "GET": call("200/0", "200/1", "200/0", "200/1", "200/0", Ability.USE_ANY_PHOTO),
    },
    "api/tryon/uploads/<id:photo_id>": {
        "GET": call(404, 200, 404, 200, 404, Ability.USE_ANY_PHOTO),
        "DELETE": call(404, 204, 404, 204, 404, Ability.USE_ANY_PHOTO, Ability.ERASE_PHOTOS),
    },
    "api/tryon/shopper-photos": {"POST": call(415, 403, 403, 403, 403, Ability.UPLOAD_PHOTOS)},
    "api/tryon/shopper-photos/<id:shopper_photo_id>": {
        "GET": call(404, 404, 404, 404, 404),
        "DELETE": call(404, 404, 404, 404, 404),
    },
    "api/tryon/shoppers/me": {"DELETE": call(403, 403, 403, 403, 403)},
    "api/tryon/shoppers/<text:shopper_id>": {"DELETE": call(403, 202, 202, 202, 403, NOBODY)},
    "api/tryon/erasures/<id:erasure_id>": {"GET": call(404, 200, 404, 200, 404, Ability.ERASE_PHOTOS)},
    "api/tryon/generate": {
        "POST": call(
            404,
            202,
            404,
            202,
            403,
            Ability.START_TRYONS,
            Ability.USE_ANY_PHOTO,
            body={"productImageId": "{product_id}", "modelImageId": "{model_id}"},
        )
    },
    "api/tryon/generate/price": {
        "POST": call(
            404,
            200,
            404,
            200,
            403,
            Ability.START_TRYONS,
            Ability.USE_ANY_PHOTO,
            body={"productImageId": "{product_id}", "modelImageId": "{model_id}"},
        )
    },
    "api/tryon/jobs": {"GET": call("200/0", "200/3", "200/0", "200/3", "200/0", Ability.SEE_ALL_JOBS)},
    "api/tryon/jobs/<id:job_id>": {"GET": call(404, 200, 404, 200, 404, Ability.SEE_ALL_JOBS)},
    "api/tryon/jobs/<id:job_id>/cancel": {"POST": call(404, 200, 404, 200, 404, Ability.OPERATE_JOBS)},
    "api/tryon/jobs/<id:job_id>/retry": {"POST": call(403, 202, 404, 202, 404, Ability.OPERATE_JOBS)},
    "api/tryon/stats": {"GET": call(403, 403, 403, 200, 403, Ability.SEE_OPERATIONS)},
    "api/tryon/stats/pause": {
        "POST": call(403, 403, 403, 200, 403, Ability.SEE_OPERATIONS, Ability.PAUSE),
    },
    "api/tryon/stats/resume": {
        "POST": call(403, 403, 403, 200, 403, Ability.SEE_OPERATIONS, Ability.PAUSE),
    },
}

OPEN: Final[dict[str, dict[str, Row]]] = {
    "": {method: everyone(302) for method in METHODS},
    "api/tryon/webhooks/fashn/<slug:token>": {"POST": everyone(404)},  # a token that was never given out
    "api/schema": {"GET": everyone(200)},
    "api/docs": {"GET": everyone(200)},
    "demo/": {"GET": everyone(200)},
    "demo/products": {"GET": everyone(200)},
    "media/<path:key>": {"GET": everyone(404)},  # without a signature
    "favicon.ico": {"GET": everyone(302)},
    "healthz": {"GET": everyone(200)},
    "readyz": {"GET": everyone(200)},
    "doctor/<str:token>": {"GET": everyone(404)},  # a token that this installation has not made
}

ADDRESSES: Final = OPEN | OF_THE_API | OF_THE_ADMIN | OF_RQ


def routes(node: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each address that the service has, as its URLconf writes it."""
    for pattern in (node or get_resolver()).url_patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route, pattern
