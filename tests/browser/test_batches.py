"""A merchandiser's plan in a real browser: chosen, priced, confirmed, followed to its end."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visitor
from tests.conftest import Finish
from tests.factories import NamedRecipeFactory
from tryon import tasks
from tryon.batches.models import Batch
from tryon.models import ProductImage, TryOnJob
from tryon.sandbox import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def test_a_plan_is_priced_confirmed_and_followed_to_its_end(
    staff: Visitor, sandbox: Sandbox, product_id: str, model_id: str, finish: Finish
) -> None:
    ProductImage.objects.filter(pk=product_id).update(requester="", shop="")
    NamedRecipeFactory.create(name="Web")
    page = staff.page
    assert staff.faults_of("/admin/plan/") == []
    page.fill("#id_numbers", "SKU-1")
    expect(page.get_by_role("radio", name="These products")).to_be_checked()
    page.fill("#id_q", "Ada")
    with page.expect_navigation():  # the page before it shows the same photo
        page.get_by_role("button", name="Look for model photos").click()
    page.get_by_role("checkbox", name="Ada").check(force=True)
    expect(page.get_by_role("heading", name="Model photos (1)")).to_be_visible()
    page.select_option("#id_recipe", label="Web")
    expect(page.locator("#id_mode")).to_be_disabled()
    page.select_option("#id_recipe", value="")
    expect(page.locator("#id_mode")).to_be_enabled()
    page.get_by_role("button", name="Count the price").click()

    start = page.get_by_role("button", name="Start 1 try-on for 1 credits")
    expect(start).to_be_visible()
    assert staff.faults() == []
    start.click()
    expect(page.get_by_text("The batch has started.")).to_be_visible()
    tasks.batches()
    finish(str(TryOnJob.objects.get().pk))
    tasks.batches()

    expect(page.locator("#batch-state")).to_contain_text("Done")
    expect(page.get_by_role("img", name="SKU-1 on Ada")).to_be_visible()
    assert staff.faults() == []
    assert Batch.objects.get().counts == {"done": 1}
