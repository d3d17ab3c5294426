"""People and groups in the admin: permissions in the language of the reader."""

import pytest
from django.contrib.auth.models import Group, Permission

from tests.admin_pages import page, sign_in

pytestmark = pytest.mark.django_db


def test_permissions_are_in_the_language_of_the_reader() -> None:
    staff = sign_in()
    staff.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    for address in ("group/add/", f"user/{staff.session['_auth_user_id']}/change/"):
        text = page(staff, f"/admin/auth/{address}")
        assert ">피팅 | 상품 사진 | 추가<" in text
        assert ">피팅 | 운영 | 피팅을 일시 중지하고 재개할 수 있음<" in text
        assert "Can " not in text


def test_a_group_keeps_the_permissions_that_were_chosen() -> None:
    chosen = Permission.objects.get(codename="pause_service")
    sign_in().post("/admin/auth/group/add/", {"name": "Night", "permissions": [chosen.pk]})
    assert [*Group.objects.get(name="Night").permissions.all()] == [chosen]
