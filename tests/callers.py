"""The callers in ``tests/access.txt``: programs with a key or a token, and browsers with a session."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from config.core import clock
from config.people.groups import groups_update
from config.shops.keys import key_forget, key_issue
from config.shops.models import Shop
from config.shops.roles import ROLES, permissions_named
from config.shops.sessions import Session, session_in
from config.shops.texts import key_text
from tests.conftest import data_of, visiting
from tests.factories import ShopFactory

PAGE: Final = "https://linden.example"
CSRF: Final = "c" * 32

type Callers = Mapping[str, Sequence[Client]]
"""By name. All of one kind get the same answers."""


def everybody() -> dict[str, list[Client]]:
    """Make the shops, keys, sessions and people, and return the callers of each kind."""
    return programs() | browsers()


def programs() -> dict[str, list[Client]]:
    """Return the callers who come with a key or a token, or with none that works."""
    shop, other = (ShopFactory.create(allowed_origins=[PAGE]) for _ in range(2))
    server, page, stranger = key(shop), key(shop, kind="publishable"), key(other)
    manager = key(ShopFactory.create(), is_manager=True)
    ada = session_of(program(server), {"shopperId": "ada", "origin": PAGE})
    app = session_of(program(server), {"shopperId": "ada"})
    bea = session_of(program(page, Origin=PAGE))
    return {
        "none": strangers_to_all(shop, app),
        "miss": [
            program(token(ada), Origin="https://elsewhere.example"),
            program(token(ada)),
            program(token(app), Origin=PAGE),
            program(token(ada), Origin=PAGE, X_Shopper_Id="ada"),
            program(page, Origin=PAGE, X_Shopper_Id="ada"),
        ],
        "bare": [program(key(shop, scopes=[]))],
        "tryon": [program(server), program(key(shop))],
        "lib": [program(key(shop, scopes=["library"]))],
        "ops": [program(key(shop, scopes=["operate"]))],
        "mgr": [program(manager)],
        "test": [program(key(shop, is_test=True))],
        "page": [program(page, Origin=PAGE)],
        "ada": [program(server, X_Shopper_Id="ada")],
        "ada's": [program(token(ada), Origin=PAGE), program(token(app))],
        "bea's": [program(token(bea), Origin=PAGE)],
        "other": [program(stranger)],
        "ada2": [program(stranger, X_Shopper_Id="ada")],
    }


def strangers_to_all(shop: Shop, session: Session) -> list[Client]:
    """Return callers whom nobody lets in: without a credential, or with one that works no more, or never."""
    revoked, rotated = key_issue(name="Revoked", shop=shop), key_issue(name="Ended", shop=shop)
    opened = session_of(program(f"Api-Key {revoked[1]}"), {"shopperId": "ada"})
    revoked[0].is_active, rotated[0].expires_at = False, clock.now()
    for row, _text in (revoked, rotated):
        row.save()
        key_forget(row)
    day_over = int((clock.now() - timedelta(days=1)).timestamp())
    credentials = (
        "",
        "Api-Key wrong",
        f"Api-Key {key_text(is_test=False)}",
        f"Api-Key {revoked[1]}",
        f"Api-Key {rotated[1]}",
        key(ShopFactory.create(is_active=False)),
        f"{token(session)}x",
        token(session._replace(begun=day_over, until=day_over)),
        token(opened),
    )
    return [program(text) for text in credentials]


def browsers() -> dict[str, list[Client]]:
    """Return a visitor of the demo shop, and people of the staff with a session."""
    groups_update()
    people = {"staff": person("staff")} | {name[:3].lower(): person(name, role=name) for name in ROLES}
    owner = browser(User.objects.create_superuser("owner"))
    return {
        "guest": [visiting()],
        **{name: [browser(user)] for name, user in people.items()},
        "owner": [owner],
        "csrf": [without_csrf(owner)],
    }


def person(name: str, *, role: str = "") -> User:
    user = User.objects.create_user(name, is_staff=True)
    user.groups.set(Group.objects.filter(name=role))
    return user


def browser(user: User) -> Client:
    client = without_csrf(None)
    client.force_login(user)
    client.cookies["csrftoken"] = CSRF
    client.defaults["HTTP_X_CSRFTOKEN"] = CSRF
    return client


def without_csrf(other: Client | None) -> Client:
    """Return a browser with another one's session, whose page does not send the token."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    if other is not None:
        client.cookies = other.cookies
    return client


def program(authorization: str, **headers: str) -> Client:
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    if authorization:
        sent["Authorization"] = authorization
    return Client(headers=sent, enforce_csrf_checks=True, raise_request_exception=False)


def key(shop: Shop, **fields: Any) -> str:
    return f"Api-Key {key_issue(name='Key', shop=shop, **fields)[1]}"


def session_of(client: Client, body: Mapping[str, str] | None = None) -> Session:
    opened = client.post("/api/tryon/sessions", body or {}, content_type="application/json")
    return session_in(data_of(opened)["token"])


def token(session: Session) -> str:
    return f"Bearer {session.token}"


def allow(user: User, permissions: frozenset[str]) -> None:
    """Give the user these permissions and no others."""
    user.user_permissions.set(permissions_named(permissions))


def staff_with(needs: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield sets of permissions: none, those that are needed, and for each of these all but it."""
    yield "staff without permissions", frozenset()
    if not needs:
        return
    yield f"staff with {', '.join(sorted(needs))}", needs
    found = Permission.objects.values_list("content_type__app_label", "codename")
    every = frozenset(f"{app}.{codename}" for app, codename in found)
    for left_out in sorted(needs):
        rest = every - {left_out, left_out.replace(".view_", ".change_")}
        yield f"staff with all but {left_out}", rest
