"""Visiting the admin in tests: staff with given permissions, and counting a page's queries."""

from collections.abc import Iterable

from django.contrib.auth.models import Permission, User
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.fields.files import FieldFile
from django.test import Client
from django.test.utils import CaptureQueriesContext


def sign_in(*permissions: str, csrf: bool = False) -> Client:
    """A browser with a staff member signed in who has these permissions (``app.codename``), or all."""
    user = User.objects.create_user("staff", is_staff=True, is_superuser=not permissions)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(user)
    return client


def page(client: Client, path: str) -> str:
    """The text of a page that opens."""
    response = client.get(path, follow=True)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def run_action(client: Client, path: str, action: str, keys: Iterable[object], **fields: object) -> str:
    """Run an admin action on rows of a list; the text of the page it ends on."""
    data = {"action": action, "_selected_action": [str(key) for key in keys], "index": "0", **fields}
    response = client.post(path, data, follow=True)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def count_queries(client: Client, path: str) -> int:
    """The queries of a page, once what Django remembers between requests is remembered."""
    page(client, path)
    with CaptureQueriesContext(connection) as queries:
        page(client, path)
    return len(queries)


def is_stored(file: FieldFile) -> bool:
    """Return whether a row's file is in storage."""
    return default_storage.exists(file.name or "")


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    """A file as a browser sends it."""
    return SimpleUploadedFile(name, content)
