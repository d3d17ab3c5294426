"""Exports for spreadsheets: of products, model photos, results and jobs."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.test import Client

from models_library.models import ModelImage
from results.models import TryOnResult
from tests.admin_pages import run_action
from tests.factories import (
    ModelImageFactory,
    ShopperPhotoFactory,
    TryOnJobFactory,
    TryOnResultFactory,
    model_of,
)
from tryon.catalogue.exchange import actions
from tryon.models import TryOnJob

pytestmark = pytest.mark.django_db

LISTS = {
    ModelImage: "models_library/modelimage",
    TryOnResult: "results/tryonresult",
    TryOnJob: "tryon/tryonjob",
}


def export(client: Client, kind: Any, form: str = "csv") -> Any:
    data = {
        "action": f"export_{form}",
        "_selected_action": [str(key) for key in kind.objects.values_list("pk", flat=True)],
        "index": "0",
    }
    answer = client.post(f"/admin/{LISTS[kind]}/", data)
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith(f'attachment; filename="{kind._meta.model_name}-')
    return answer


def rows_of(answer: Any) -> list[dict[str, str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")  # else Excel takes Korean for another encoding
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_result_is_exported_with_its_recipe_and_the_notice_of_ai(
    staff: Client, django_assert_max_num_queries: Any
) -> None:
    first, *_others = TryOnResultFactory.create_batch(3, job__options={"mode": "quality"})

    with django_assert_max_num_queries(16):  # two of them for the audit log
        rows = rows_of(export(staff, TryOnResult))

    (row,) = [row for row in rows if row["id"] == str(first.pk)]
    assert row["product"] == first.job.product_image.product_id
    assert row["model"] == model_of(first.job).name
    assert (row["recipe"], row["review"]) == ('{"mode": "quality"}', "pending")
    assert (row["credits_used"], row["ai_label"]) == ("1", "Made with AI")


def test_a_shoppers_result_is_in_no_export_of_results(staff: Client) -> None:
    own = TryOnResultFactory.create()
    TryOnResultFactory.create(job__model_image=None, job__shopper_photo=ShopperPhotoFactory.create())
    assert [row["id"] for row in rows_of(export(staff, TryOnResult))] == [str(own.pk)]


def test_jobs_and_model_photos_are_exported(staff: Client) -> None:
    job = TryOnJobFactory.create(failed=True, model_image__name="=HYPERLINK(1)")
    assert rows_of(export(staff, TryOnJob))[0]["error_code"] == job.error_code
    assert rows_of(export(staff, ModelImage))[0]["name"] == "'=HYPERLINK(1)"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_shops_text_breaks_no_export_and_no_shopper_is_in_one(staff: Client, form: str) -> None:
    TryOnJobFactory.create(product_image__product_id="\x0b=SKU\x01", requester="shopper:ada")
    content = export(staff, TryOnJob, form).content
    if form == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        assert sheet is not None
        names, row = sheet.iter_rows(values_only=True)
    else:
        names, row = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    told = dict(zip(names, row, strict=True))
    assert (told["product"], told["requester"]) == ("'=SKU", "shopper")


def test_no_cell_of_a_spreadsheet_is_a_formula(staff: Client) -> None:
    ModelImageFactory.create(name="=1+1", tags=["+a"])
    book = openpyxl.load_workbook(io.BytesIO(export(staff, ModelImage, "xlsx").content))
    sheet = book.active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert "'=1+1" in [cell.value for cell in cells]


def test_too_many_rows_are_refused_with_a_sentence(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_ROWS", 1)
    photos = ModelImageFactory.create_batch(2)
    text = run_action(staff, "/admin/models_library/modelimage/", "export_csv", [one.pk for one in photos])
    assert "An export has at most 1 rows." in text
