"""The widget in a real browser: on the page of a shop at another origin, which allows nothing inline."""

import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any, Final
from uuid import UUID

import pytest
from PIL import Image
from playwright.sync_api import Route, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.shops.models import Shop
from config.shops.sessions import new_visitor, session_open
from results.models import ResultFeedback, Review
from tests import images
from tests.browser.shop_page import PageServer, ShopPage
from tests.browser.visits import Visitor
from tests.conftest import Api, Finish
from tests.factories import ModelImageFactory, ProductImageFactory, TryOnResultFactory
from tests.serving import serving
from tests.waiting import eventually
from tryon.models import Account, ProductImage, ShopperPhoto, Status, TryOnJob
from tryon.sandbox import Sandbox
from tryon.services.operations import service_pause, service_resume

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PHONE: Final = {"width": 390, "height": 780}
# What a shopper would have to move sideways, or could not hit with a thumb.
UNHANDY: Final = """() => {
  const root = document.querySelector("try-on").shadowRoot;
  const shown = [...root.querySelectorAll("dialog button, dialog label, dialog input, dialog .body")]
    .filter((part) => part.checkVisibility());
  const name = (part) => `${part.localName}.${part.className} ${part.textContent.slice(0, 40)}`;
  const wide = shown.filter((part) => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0);
  const small = shown.filter((part) => part.matches("button, label"))
    .filter((part) => part.getBoundingClientRect().height < 44 || part.getBoundingClientRect().width < 44);
  return [...wide.map((part) => `wide: ${name(part)}`), ...small.map((part) => `small: ${name(part)}`),
    ...(document.documentElement.scrollWidth > innerWidth ? ["wide: page"] : [])];
}"""


@pytest.fixture
def catalogue(owner: Api, product_id: str, model_id: str) -> UUID:
    """A product with a photo, and a model. Return the photo's id."""
    ProductImage.objects.update(requester="")  # the catalogue's
    return UUID(product_id)


@pytest.fixture
def server(live_server: LiveServer) -> Iterator[PageServer]:
    with serving(PageServer(live_server.url)) as server:
        yield server


@pytest.fixture
def shop(
    nobody: Visitor, live_server: LiveServer, server: PageServer, sandbox: Sandbox, catalogue: UUID
) -> ShopPage:
    return ShopPage(nobody, live_server.url, server)


def job_of(finish: Finish) -> TryOnJob:
    """Let workers finish the newest job."""
    return finish(str(TryOnJob.objects.latest("created_at").pk))


def fallback_of(photo: UUID) -> None:
    """Add an approved picture of the product."""
    options: dict[str, Any] = {"job__product_image_id": photo, "job__completed": True, "job__is_test": True}
    TryOnResultFactory.create(review=Review.APPROVED, **options)


def faults(shop: ShopPage) -> list[str]:
    """Return what axe, the console and a thumb find: in light and dark, wide and on a phone."""
    found = shop.visitor.faults()
    shop.page.set_viewport_size({**PHONE})  # type: ignore[typeddict-item]
    found += shop.page.evaluate(UNHANDY)
    shop.page.set_viewport_size({"width": 1280, "height": 900})
    return found


def test_a_shopper_sees_the_product_on_themselves(shop: ShopPage, finish: Finish) -> None:
    page, widget = shop.page, shop.widget
    photo = BytesIO()
    exif = Image.Exif()
    exif[images.ORIENTATION] = 6  # held upright
    exif.get_ifd(images.GPS_IFD).update(images.GPS)
    images.draw_model((3000, 2400)).save(photo, "JPEG", exif=exif)
    me: Any = {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
    sent: list[bytes] = []
    shop.watch("/shopper-photos", lambda request: sent.append(request.post_data_buffer or b""))

    shop.open()
    expect(widget.locator("[part=models] img")).to_have_count(1)
    assert faults(shop) == []
    expect(widget.locator("[part=consent]")).to_contain_text("It is deleted after 24 h, with its pictures.")
    widget.get_by_label("Use a photo of yourself").click()
    expect(shop.problem).to_have_text("Agree to the use of your photo first.")
    assert (sent, ShopperPhoto.objects.count()) == ([], 0)
    page.keyboard.press("Space")  # the focus is on the question
    widget.locator("input[type=file]").set_input_files(files=[me])
    expect(widget.locator("[part=news]")).to_contain_text("Your photo is ready.")
    [form] = sent
    jpeg = Image.open(BytesIO(form[form.index(b"\xff\xd8") : form.rindex(b"\xff\xd9") + 2]))
    assert (jpeg.format, jpeg.size, dict(jpeg.getexif())) == ("JPEG", (1600, 2000), {})
    assert ShopperPhoto.objects.get().consent_version == "try-on-2026-12"

    shop.go.click()
    expect(widget.get_by_role("progressbar")).to_be_visible()
    expect(shop.button("Cancel")).to_be_visible()
    assert faults(shop) == []
    job_of(finish)
    expect(shop.title).to_have_text("Your picture is ready")
    expect(widget.locator("[part=label]")).to_have_text("Made with AI")
    assert faults(shop) == []
    slider = widget.get_by_role("slider", name="Compare before and after")
    slider.press("End")
    assert (
        slider.evaluate("slider => getComputedStyle(slider.parentElement).getPropertyValue('--cut')")
        == "100%"
    )

    with page.expect_download() as got:
        shop.button("Download").click()
    with Image.open(got.value.path()) as kept:
        assert (kept.format, kept.size) == ("JPEG", (864, 1296))
        assert b"compositeWithTrainedAlgorithmicMedia" in kept.info["xmp"]
        assert kept.convert("L").getpixel((30, 1265)) < 90  # type: ignore[operator]  # the label's ground
    page.evaluate("window.answer = Promise.resolve({ ok: true, cartUrl: '/cart' })")
    shop.button("Add to cart").click()
    expect(widget.get_by_role("link", name="Go to the cart")).to_have_attribute("href", f"{shop.origin}/cart")
    shop.button("Almost").click()
    expect(widget.locator("[part=news]")).to_have_text("Thank you. Your answer is noted.")
    assert ResultFeedback.objects.get().verdict == "almost"

    kept_here = json.dumps(page.evaluate("[{...sessionStorage}, {...localStorage}, document.cookie]"))
    assert not {word for word in ("http", "image", "blob") if word in kept_here}
    assert page.evaluate("indexedDB.databases()") == []
    shop.button("Delete my photo and its pictures").click()
    expect(widget.get_by_label("Use a photo of yourself")).to_be_attached()
    assert not ShopperPhoto.objects.exclude(processed="").exists()
    assert {kind for kind, _detail in page.evaluate("heard")} == {
        *("open", "consent", "photo", "start", "progress", "result", "cart")
    }
    [result] = shop.heard("result")
    assert (result["product"], result["composed"], result["aiLabel"]["text"]) == (
        "SKU-1",
        True,
        "Made with AI",
    )
    assert [event["state"] for event in shop.heard("consent")] == ["given"]


def test_by_keyboard_on_a_phone_in_korean_over_a_slow_line(
    nobody: Visitor,
    live_server: LiveServer,
    server: PageServer,
    sandbox: Sandbox,
    catalogue: UUID,
    finish: Finish,
) -> None:
    shop = ShopPage(nobody, live_server.url, server, language="ko", attributes="")
    page, widget = shop.page, shop.widget
    line = page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 200, "downloadThroughput": 100_000, "uploadThroughput": 50_000}
    line.send("Network.emulateNetworkConditions", slow)
    page.set_viewport_size({**PHONE})  # type: ignore[typeddict-item]
    page.focus("#before")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(shop.title).to_have_text("입어 보기")
    expect(shop.title).to_be_focused()
    expect(widget.get_by_role("radio")).to_have_count(1)
    expect(widget.locator("[part=consent]")).to_contain_text("24시간 후에 삭제됩니다.")
    for _ in range(5):  # close, consent, photo, model
        page.keyboard.press("Tab")
        if widget.get_by_role("radio").evaluate("radio => radio.matches(':focus')"):
            break
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(shop.title).to_have_text("이미지를 만들고 있습니다")
    expect(shop.title).to_be_focused()
    expect(widget.get_by_role("button", name="취소")).to_be_visible()
    page.keyboard.press("Escape")
    keep = shop.button("계속 만들기")
    expect(keep).to_be_focused()
    assert nobody.faults(language="ko") == []
    page.keyboard.press("Enter")
    expect(widget.get_by_role("dialog")).to_be_hidden()
    expect(widget.locator("[part=open]")).to_be_focused()
    expect(widget.locator("[part=open]")).to_have_text("이미지 만드는 중…")
    job_of(finish)
    expect(widget).to_have_attribute("state", "result")
    page.keyboard.press("Enter")
    expect(shop.title).to_have_text("이미지가 준비되었습니다")
    expect(widget.locator("[part=label]")).to_have_text("AI로 생성")
    page.set_viewport_size({**PHONE})  # type: ignore[typeddict-item]
    assert page.evaluate(UNHANDY) == []
    page.keyboard.press("Escape")
    expect(widget.locator("[part=open]")).to_be_focused()
    eventually(lambda: [event["state"] for event in shop.heard("close")] == ["working", "result"])


def test_no_click_reload_or_lost_answer_pays_twice(shop: ShopPage, sandbox: Sandbox, finish: Finish) -> None:
    page, widget = shop.page, shop.widget

    def reload() -> None:
        page.reload()
        shop.open()

    shop.open()
    reload()
    shop.lose("generate")
    widget.locator("[part=model]").click()
    page.evaluate(  # twice before the page has drawn anything
        "() => { const { shadowRoot } = document.querySelector('try-on');"
        " const go = shadowRoot.querySelector('[part=actions] .primary'); go.click(); go.click(); }"
    )
    expect(shop.problem).to_contain_text("The service can't be reached.")
    TryOnJob.objects.update(status=Status.FAILED, error_code="unknown")  # so that no other request joins it
    with page.expect_response("**/api/tryon/generate") as answered:
        reload()
    assert answered.value.headers["idempotent-replayed"] == "true"
    assert TryOnJob.objects.count() == 1
    expect(shop.problem).to_be_visible()
    assert sandbox.ledger()["requests"].get("run", 0) == 0

    reload()  # the end is known: the next wish is another one
    shop.try_on()
    expect(shop.button("Cancel")).to_be_visible()
    reload()
    expect(shop.button("Cancel")).to_be_visible()
    job_of(finish)
    expect(shop.title).to_have_text("Your picture is ready")
    reload()
    expect(shop.title).to_have_text("Your picture is ready")
    assert TryOnJob.objects.count() == 2
    assert sandbox.ledger()["requests"]["run"] == 1

    shop.button("Try another photo").click()
    shop.lose("sessions")  # renewed before its end
    page.evaluate(
        "() => { for (const name of Object.keys(sessionStorage)) if (name.startsWith('try-on session'))"
        " sessionStorage[name] = JSON.stringify({ token: 'tos_vt_ended', at: Date.now() }); }"
    )
    widget.locator("[part=model]").click()
    shop.go.click()
    expect(shop.problem).to_contain_text("The service can't be reached.")
    shop.button("Try again").click()  # as another visitor, for whom the picture is there already
    expect(shop.title).to_have_text("Your picture is ready")
    assert sandbox.ledger()["requests"]["run"] == 1


def test_a_cancel_is_kept_until_it_has_arrived(shop: ShopPage) -> None:
    """Whatever happens to the page before the service has answered which job to cancel."""

    def canceled_after(act: Callable[[], object]) -> bool:
        """Ask for a picture, and let something happen before the answer. Return if one job is canceled."""
        before = set(TryOnJob.objects.values_list("pk", flat=True))
        answer = shop.hold("generate")
        shop.open()
        shop.try_on()
        shop.until(lambda: TryOnJob.objects.count() > len(before))
        act()
        answer()
        [job] = TryOnJob.objects.exclude(pk__in=before)
        shop.until(lambda: TryOnJob.objects.get(pk=job.pk).status == Status.CANCELED)
        expect(shop.widget).to_have_attribute("state", "choice")
        return TryOnJob.objects.exclude(pk__in=before).count() == 1

    close = "room.close({ cancel: true });"
    service_pause(Account.LIVE)
    assert canceled_after(lambda: shop.call(f"{close} room.lang = 'ko'"))
    assert canceled_after(lambda: shop.call(f"{close} room.reset()"))
    assert canceled_after(lambda: (shop.call(close), shop.page.reload()))
    shop.lose("jobs/*/cancel", act=False)
    assert canceled_after(lambda: shop.call(close))


def test_the_answer_to_a_wish_before_does_not_hide_the_present_one(shop: ShopPage) -> None:
    service_pause(Account.LIVE)
    shop.open()
    answer = shop.hold("generate")
    shop.try_on()
    shop.until(TryOnJob.objects.exists)
    TryOnJob.objects.update(cache_key="of another wish")
    shop.call("room.reset()")
    shop.try_on()
    expect(shop.button("Cancel")).to_be_visible()
    answer()
    shop.page.reload()
    shop.call("room.close({ cancel: true })")
    shop.until(TryOnJob.objects.filter(status=Status.CANCELED).exists)
    assert TryOnJob.objects.get(status=Status.QUEUED).cache_key == "of another wish"


def test_limits_pauses_failures_and_cancels_are_told(
    shop: ShopPage, catalogue: UUID, sandbox: Sandbox, finish: Finish
) -> None:
    widget = shop.widget
    fallback_of(catalogue)
    Shop.objects.filter(name="Linden").update(shopper_daily_credits=0)
    shop.open()
    shop.go.click()
    expect(shop.problem).to_have_text("Choose a photo of yourself or a model first.")
    shop.try_on()
    expect(shop.problem).to_have_text("You have used today's try-ons. Try again tomorrow.")
    expect(widget.locator("[part=instead] li")).to_have_text(["Made with AI"])
    assert [fault for fault in faults(shop) if "status of 429" not in fault] == []  # the browser's own line
    assert [event["reason"] for event in shop.heard("fallback")] == ["shopper_limit_reached"]

    Shop.objects.filter(name="Linden").update(shopper_daily_credits=100)
    service_pause(Account.LIVE)
    shop.call("room.retry()")
    expect(widget.locator("[part=wait]")).to_have_text("The service is paused. Your try-on keeps its place.")
    expect(widget.locator("[part=instead] li")).to_have_count(1)
    shop.button("Close").click()
    shop.button("Cancel it and close").click()
    expect(widget).to_have_attribute("state", "choice")
    assert TryOnJob.objects.get(status=Status.CANCELED).shopper
    service_resume(Account.LIVE)

    shop.open()
    shop.go.click()
    expect(shop.button("Cancel")).to_be_visible()
    TryOnJob.objects.filter(status=Status.QUEUED).update(
        status=Status.FAILED,
        error_code="pose_not_found",
        updated_at=TryOnJob.objects.latest("updated_at").updated_at,
    )
    expect(shop.title).to_have_text("No picture this time")
    assert shop.heard("error")[-1]["code"] == "pose_not_found"
    expect(shop.button("Try again")).to_have_count(0)  # it would fail again
    shop.button("Choose another photo").click()
    shop.go.click()
    shop.button("Cancel").click()
    expect(widget.locator("[part=news]")).to_have_text("This try-on was canceled.")
    assert shop.heard("error")[-1]["code"] == "canceled"


def test_events_are_heard_and_questions_go_on_where_there_are_none(shop: ShopPage, finish: Finish) -> None:
    """A stream that ends is followed by a question and another stream, one that is degraded by questions."""
    page, asked = shop.page, []
    held: list[Route] = []
    events = f"{shop.service}/events/jobs/1?ticket=t"

    def question(route: Route) -> None:
        asked.append("question")
        if asked.count("question") == 3:
            held.append(route)  # until the test has seen what the second stream said
        else:
            with_events(route)

    def with_events(route: Route) -> None:
        answer = route.fetch()
        if answer.status == 304:
            route.fulfill(response=answer)
            return
        body = answer.json()
        body["data"]["eventsUrl"] = events
        route.fulfill(response=answer, json=body)

    def stream(route: Route) -> None:
        asked.append(route.request.headers["accept"])
        snapshot = {"status": "queued", "progress": 0, "queuePosition": 7}
        lines = f"id: 2\nevent: status\ndata: {json.dumps(snapshot)}\n\n" + (
            "event: degraded\ndata: {}\n\n" if asked.count("text/event-stream") == 2 else ""
        )
        headers = {"Content-Type": "text/event-stream", "Access-Control-Allow-Origin": shop.origin}
        route.fulfill(body=lines, headers=headers)

    page.route("**/api/tryon/jobs/*", question)
    page.route("**/events/jobs/*", stream)
    shop.open()
    shop.try_on()
    shop.until(lambda: held)
    expect(shop.widget.locator("[part=status]")).to_have_text("Waiting in line: number 7.")
    assert shop.heard("progress")[-1]["queuePosition"] == 7
    with_events(held.pop())
    order = ["question", "text/event-stream"] * 2 + ["question"] * 2
    shop.until(lambda: len(asked) >= len(order))
    assert asked[: len(order)] == order
    job_of(finish)
    expect(shop.title).to_have_text("Your picture is ready")


def test_a_page_steers_it_by_attributes_and_properties(shop: ShopPage, catalogue: UUID) -> None:
    page, widget, key = shop.page, shop.widget, shop.call("return room.key")
    chosen = ModelImageFactory.create_batch(12)
    ProductImageFactory.create(product_id="SKU-2")
    page.route(
        "**/media/**", lambda route: route.fulfill(body=images.png((30, 30)), content_type="image/png")
    )
    shop.call("room.photo = 'library'; room.texts = { title: 'Anprobe', go: 'Los' }; room.lang = 'de';")
    shop.call(f"room.models = '{chosen[1].pk} {chosen[0].pk}'; room.open()")
    expect(shop.title).to_have_text("Anprobe")
    expect(widget.locator("[part=model]")).to_have_text([chosen[1].name, chosen[0].name])
    expect(widget.locator("[part=own-photo], [part=consent]")).to_have_count(0)
    shop.call("room.models = 'full_body'")
    expect(widget.locator("[part=model]")).to_have_count(12)
    shop.button("Show more models").click()
    expect(widget.get_by_role("radio").nth(12)).to_be_focused()
    expect(shop.button("Show more models")).to_be_hidden()
    shop.call(
        "room.setAttribute('texts', '{\"title\": \"Essayage\"}'); room.consent = 'external'; room.photo = ''"
    )
    expect(shop.title).to_have_text("Essayage")
    widget.get_by_label("Use a photo of yourself").click()
    expect(shop.problem).to_have_text("Allow the use of your photo in the shop's settings first.")
    assert shop.heard("consent") == [{"product": "SKU-1", "state": "needed", "version": "", "composed": True}]
    shop.call("room.consentVersion = '2026-12'")
    with page.expect_file_chooser():
        widget.get_by_label("Use a photo of yourself").click()

    widget.locator("[part=model]").first.click()
    shop.go.click()
    expect(shop.button("Cancel")).to_be_visible()
    shop.call("room.product = 'SKU-2'")  # another colour
    expect(shop.go).to_be_visible()
    assert shop.call("return room.state") == "choice"
    shop.call("room.product = 'SKU-1'")  # it has gone on
    expect(shop.button("Cancel")).to_be_visible()
    shop.call("room.close({ cancel: true })")
    expect(widget).to_have_attribute("state", "choice")
    assert TryOnJob.objects.get().status == Status.CANCELED
    signed_in = session_open(shop.key, shopper=new_visitor(), origin=shop.origin)  # as a shop's server does
    shop.call(
        f"room.removeAttribute('key'); room.token = '{signed_in.token}'; room.consent = 'ask'; room.open()"
    )
    expect(widget.locator("[part=consent]")).to_contain_text(
        "after 24 h"
    )  # a page's own token tells no hours
    shop.try_on()
    expect(shop.button("Cancel")).to_be_visible()
    assert TryOnJob.objects.get(status=Status.QUEUED).shopper == signed_in.shopper
    shop.call(f"room.close(); room.token = ''; room.publishableKey = '{key}'; room.product = 'SKU-3'")
    shop.call("room.open()")
    expect(shop.problem).to_have_text("This product can't be tried on yet.")
    shop.call("room.key = 'tos_pk_live_wrong'")
    expect(shop.problem).to_have_text("Trying on is not available on this page right now.")
    shop.call(f"room.key = '{key}'; room.product = 'SKU-1'; room.mode = 'best'")
    shop.try_on()
    # The shopper can't mend the page. Its developer learns which value is wrong.
    expect(shop.problem).to_have_text("Trying on is not available on this page right now.")
    errors = shop.heard("error")
    assert [event["code"] for event in errors] == [
        "canceled",
        "no_product",
        "invalid_api_key",
        "validation_error",
    ]
    assert list(errors[-1]["details"]["fields"]) == ["options.mode"]


def test_the_demo_shop_has_it(nobody: Visitor, catalogue: UUID, settings: Settings) -> None:
    settings.DEMO_SHOP = True
    page = nobody.page
    page.goto("/demo/")
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0  # who only looks leaves nothing
    page.locator("try-on [part=open]").click()
    page.locator("try-on [part=model]").click()
    page.locator("try-on [part=actions] .primary").click()
    expect(page.locator("try-on").get_by_role("button", name="Cancel")).to_be_visible()
    job = TryOnJob.objects.get()
    assert (job.product_image_id, bool(job.shopper)) == (catalogue, True)
    page.evaluate(
        "document.querySelector('try-on').dispatchEvent(new CustomEvent('tryon:cart',"
        " { bubbles: true, detail: { respondWith: (answer) => { window.answer = answer; } } }))"
    )
    assert page.evaluate("answer.ok") is True
    expect(page.locator("#bag-count")).to_have_text("1")
