"""Searches fold case in every alphabet, on every database."""

import pytest

from tests.admin_pages import page, sign_in
from tests.conftest import Api, data_of
from tests.factories import ModelImageFactory, ProductImageFactory

pytestmark = pytest.mark.django_db

WORDS = [("Летнее ПАЛЬТО", "пальто"), ("Καλοκαίρι", "ΚΑΛΟΚΑΊΡΙ"), ("ÉTÉ", "été"), ("Ölandstuch", "öLAND")]


@pytest.mark.parametrize(("text", "search"), WORDS)
def test_a_search_folds_case_in_names_and_tags(owner: Api, text: str, search: str) -> None:
    by_name = ModelImageFactory.create(name=text)
    by_tag = ModelImageFactory.create(name="Other", tags=["studio", text])
    ModelImageFactory.create(name="Nothing", tags=["nothing"])
    found = {photo["id"] for photo in data_of(owner.get("models", q=search))}
    assert found == {str(by_name.pk), str(by_tag.pk)}


def test_searches_of_the_admin_fold_case() -> None:
    staff = sign_in()
    ModelImageFactory.create(name="Other", tags=["ЛЕТО"])
    ModelImageFactory.create(name="Зима")
    ProductImageFactory.create(product_id="ПАЛЬТО-1")
    for address, row in [
        ("models_library/modelimage/?q=лето", "Other"),
        ("models_library/modelimage/?q=ЗИМА", "Зима"),
        ("tryon/productimage/?q=пальто", "ПАЛЬТО-1"),
    ]:
        text = page(staff, f"/admin/{address}")
        assert text.count('action-select"') == 1
        assert row in text


@pytest.mark.parametrize("search", ["100%", "a_b", "c\\d", "041b", "null"])
def test_signs_of_the_database_are_plain_text_to_a_search(owner: Api, search: str) -> None:
    ModelImageFactory.create(name="Лето", tags=["Л", "100 x", "axb", "cd"])
    assert data_of(owner.get("models", q=search)) == []
    photo = ModelImageFactory.create(name=f"({search})")
    assert [found["id"] for found in data_of(owner.get("models", q=search))] == [str(photo.pk)]
