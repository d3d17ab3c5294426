"""The three endpoints of FASHN and the pictures behind them: a request in, a reply out."""

import hmac
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Final

from .account import Account
from .catalogue import image_count
from .clock import Clock
from .errors import STATUS_OF_REFUSAL, Refusal
from .faults import Fault, FaultQueue, Faults, from_header, from_seed
from .ledger import Ledger
from .lifecycle import Lifecycle
from .messages import Manner, Reply, Request, html_reply, json_reply
from .outputs import Outputs, media_type, spoilt
from .predictions import Prediction
from .settings import Settings
from .validation import check_run

FAULT_HEADER = "x-sandbox-fault"
CREDITS_HEADER = "x-fashn-credits-used"
HANG_SECONDS = 300.0
SLOW_SECONDS = 30.0

# What answers in FASHN's place: status and title of a page.
_PAGES: Final = {
    "bad_gateway": (502, "Bad Gateway"),
    "service_unavailable": (503, "Service Temporarily Unavailable"),
    "gateway_not_found": (404, "Not Found"),
}


class Service:
    """FASHN's protocol, for accounts by key. Order of checks: key, fault, rate, body, credits, slots."""

    def __init__(
        self,
        accounts: Mapping[str, Account],
        clock: Clock,
        lifecycle: Lifecycle,
        outputs: Outputs,
        ledger: Ledger,
        faults: FaultQueue,
        view: Callable[[], tuple[Settings, str]],
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._lifecycle = lifecycle
        self._outputs = outputs
        self._ledger = ledger
        self._faults = faults
        self._view = view

    def answer(self, request: Request) -> Reply:
        """Return the reply to any call outside ``/_sandbox``, and record both."""
        endpoint, action = self._route(request)
        self._ledger.count_request(endpoint)
        try:
            reply = action(request)
        except Refusal as refusal:
            reply = self._refuse(endpoint, refusal)
        self._ledger.record(request, reply, self._clock.now())
        return reply

    def _route(self, request: Request) -> tuple[str, Callable[[Request], Reply]]:
        match request.method, request.path.strip("/").split("/"):
            case "POST", ["v1", "run"]:
                return "run", self._run
            case "GET", ["v1", "status", _]:
                return "status", self._status
            case "GET", ["v1", "credits"]:
                return "credits", self._credits
            case "GET" | "HEAD", ["media", _, _]:
                return "media", self._media
        return "other", self._unknown

    def _refuse(self, endpoint: str, refusal: Refusal) -> Reply:
        self._ledger.count_refusal(endpoint, refusal.name, genuine=refusal.genuine)
        settings, _ = self._view()
        headers = {}
        if refusal.status == HTTPStatus.TOO_MANY_REQUESTS and settings.retry_after is not None:
            headers["Retry-After"] = str(settings.retry_after)
        return json_reply({"error": refusal.name, "message": refusal.message}, refusal.status, headers)

    def _unknown(self, _request: Request) -> Reply:
        raise Refusal("NotFound")

    def _run(self, request: Request) -> Reply:
        account = self._account_of(request)
        settings, _ = self._view()
        too_large = len(request.body) > settings.max_body_bytes
        body = _lenient_json(request) if not too_large else None
        marked = _marked(request, body)
        own = self._pick("run", marked, body.get("model_name") if isinstance(body, dict) else None)

        def start() -> Reply:
            if too_large:
                raise Refusal("InternalServerError")
            return self._start(account, request, own, marked)

        return self._guard(account, "run", own, settings.run_limit, start)

    def _start(self, account: Account, request: Request, own: Fault | None, marked: Fault | None) -> Reply:
        settings, _ = self._view()
        run = check_run(request.json(), settings)
        if own and own.name == "no_id":
            return json_reply({"id": None, "error": "The prediction could not be started"})
        webhook_url = request.query("webhook_url")
        prediction = self._lifecycle.accept(
            account,
            run,
            webhook_url,
            lambda: self._carried(marked, run.model.name, with_webhook=bool(webhook_url)),
        )
        self._ledger.see_in_flight(self._lifecycle.in_flight(account))
        return json_reply({"id": prediction.id, "error": None})

    def _status(self, request: Request) -> Reply:
        account = self._account_of(request)
        settings, _ = self._view()
        fault = self._fault_of_call("status", request)
        prediction_id = request.path.rstrip("/").rpartition("/")[2]
        show = partial(self._show, prediction_id, account)
        return self._guard(account, "status", fault, settings.status_limit, show)

    def _show(self, prediction_id: str, account: Account) -> Reply:
        prediction = self._lifecycle.find(prediction_id, account)
        headers = {}
        if prediction.outcome and prediction.outcome.status == "completed":
            headers[CREDITS_HEADER] = str(prediction.outcome.credits)
        return json_reply(self._lifecycle.answer(prediction), headers=headers)

    def _credits(self, request: Request) -> Reply:
        account = self._account_of(request)
        settings, _ = self._view()
        fault = self._fault_of_call("credits", request)
        return self._guard(
            account,
            "credits",
            fault,
            settings.credits_limit,
            lambda: json_reply({"credits": self._lifecycle.balance(account)}),
        )

    def _media(self, request: Request) -> Reply:
        _, prediction_id, file_name = request.path.strip("/").split("/")
        prediction = self._lifecycle.find(prediction_id)
        settings, _ = self._view()
        index = _index(prediction, file_name)
        if index is None or self._outputs.gone(prediction, settings):
            raise Refusal("NotFound", "File not found")
        fault = self._fault_of_call("media", request, prediction.model.name) or prediction.media_fault
        if fault and fault.name == "missing":
            raise Refusal("NotFound", "File not found", genuine=False)
        if broken := _broken(fault):
            return broken
        reply = Reply(200, self._outputs.picture(prediction, index), media_type(prediction))
        return _late(spoilt(reply, fault), fault) if fault else reply

    def _account_of(self, request: Request) -> Account:
        told = request.headers.get("authorization", "").encode()
        for key, account in self._accounts.items():
            if hmac.compare_digest(told, f"Bearer {key}".encode()):
                return account
        raise Refusal("UnauthorizedAccess")

    def _fault_of_call(self, endpoint: str, request: Request, model: str | None = None) -> Fault | None:
        if header := request.headers.get(FAULT_HEADER):
            fault = from_header(header, endpoint)
            return fault if fault.endpoint == endpoint else None
        return self._faults.take(endpoint, model)

    def _carried(self, marked: Fault | None, model: str, *, with_webhook: bool) -> Faults:
        """Return what an accepted prediction carries. A refused run must not use up what was ordered."""
        # Media faults of the queue wait for the download, so that the next try gets a sound picture.
        media = marked if marked and marked.endpoint == "media" else None
        webhook = self._pick("webhook", marked, model) if with_webhook else None
        return Faults(self._pick("prediction", marked, model), media, webhook)

    def _pick(self, endpoint: str, marked: Fault | None, model: str | None) -> Fault | None:
        """Return the fault that the request itself is marked with, else one from the queue."""
        if marked and marked.endpoint == endpoint:
            return marked
        return self._faults.take(endpoint, model)

    def _guard(
        self,
        account: Account,
        endpoint: str,
        fault: Fault | None,
        limit: int,
        action: Callable[[], Reply],
    ) -> Reply:
        if broken := _broken(fault):
            return broken
        if not account.limits.allow(endpoint, limit):
            raise Refusal("RateLimitExceeded")
        return _late(action(), fault)


def _marked(request: Request, body: object) -> Fault | None:
    """Return the fault that a run names in its header, or else by its seed."""
    if header := request.headers.get(FAULT_HEADER):
        return from_header(header, "run")
    inputs = body.get("inputs") if isinstance(body, dict) else None
    return from_seed(inputs.get("seed")) if isinstance(inputs, dict) else None


def _broken(fault: Fault | None) -> Reply | None:
    """Return what a fault answers instead of any work; raises Refusal for an ordered refusal."""
    if fault is None:
        return None
    if fault.name in STATUS_OF_REFUSAL:
        raise Refusal(fault.name, genuine=False)
    if fault.name in _PAGES:
        return html_reply(*_PAGES[fault.name])
    return Reply(0, manner=Manner.RESET) if fault.name == "reset_before" else None


def _late(reply: Reply, fault: Fault | None) -> Reply:
    """Return the reply in the manner of a fault that strikes after the work is done."""
    match fault.name if fault else "":
        case "hang" if fault:
            return reply.sent(Manner.HANG, fault.number("seconds", HANG_SECONDS))
        case "slow_body" if fault:
            return reply.sent(Manner.SLOW, fault.number("seconds", SLOW_SECONDS))
        case "reset_after":
            return reply.sent(Manner.RESET)
    return reply


def _lenient_json(request: Request) -> object:
    try:
        return request.json()
    except Refusal:
        # The check of the body refuses it in its turn, after the rate.
        return None


def _index(prediction: Prediction, file_name: str) -> int | None:
    """Return the number in ``output_<n>.<ext>`` when it names a picture of this completed prediction."""
    done = prediction.outcome is not None and prediction.outcome.status == "completed"
    names = [f"output_{number}.{prediction.extension}" for number in range(image_count(prediction.inputs))]
    return names.index(file_name) if done and not prediction.as_base64 and file_name in names else None
