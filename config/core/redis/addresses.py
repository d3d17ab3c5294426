"""REDIS_URL for its three users: RQ's workers, our own enqueuing, and the cache.

redis-py reads ``redis://``, ``rediss://`` (TLS) and ``unix://``, with its own options: ``?ssl_ca_certs=``
names the file of a private authority, and ``?ssl_cert_reqs=none`` checks nothing. An address of Sentinel is
``redis+sentinel://[user:password@]host1:26379,host2:26379/<master>[/<db>]``. The sentinels themselves get no
password, or the one in ``?sentinel_password=``. RQ can't use a sharded cluster. A managed service with one
shard has a plain address.
"""

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import ConnectionPool, Redis, RedisError
from redis import asyncio as redis_asyncio
from redis.asyncio.retry import Retry as LoopRetry
from redis.asyncio.sentinel import Sentinel as LoopSentinel
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from config.core.redis.outage import AskOnce
from config.core.redis.writing import CONNECTIONS

SENTINEL_SCHEME: Final = "redis+sentinel"
SCHEMES: Final = ("redis", "rediss", "unix", SENTINEL_SCHEME)
SENTINEL_FORM: Final = re.compile(
    r"redis\+sentinel://(?:(?P<login>[^/?#\s]*)@)?(?P<hosts>[^/?#@\s]+)"
    r"/(?P<master>[^/?#\s]+)(?:/(?P<db>[0-9]*))?(?:\?(?P<query>[^#\s]*))?"
)
SENTINEL_PORT: Final = 26379
# Seconds. A web request must not hang on a Redis that does not answer.
CONNECT_SECONDS: Final = 1
ANSWER_SECONDS: Final = 2
CACHE_SECONDS: Final = 1


class AddressUnreadable(ValueError):
    """An address that can't be read. No part of it is in the text."""


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """The sentinels to ask, the master to ask for, and the login."""

    hosts: tuple[tuple[str, int], ...]
    master: str
    db: int
    username: str | None
    password: str | None
    sentinel_password: str | None

    @property
    def sentinel_kwargs(self) -> dict[str, Any]:
        """Return the arguments of connections to the sentinels themselves."""
        return {
            "password": self.sentinel_password,
            "socket_connect_timeout": CONNECT_SECONDS,
            "socket_timeout": CONNECT_SECONDS,
        }

    @property
    def arguments(self) -> dict[str, Any]:
        """Return the arguments of a client of the sentinels, and of the master that they name."""
        return {
            "sentinel_kwargs": self.sentinel_kwargs,
            "db": self.db,
            "username": self.username,
            "password": self.password,
        }


def check_address(url: str) -> str:
    """Return the URL, if it can be read. Raise AddressUnreadable."""
    scheme, separator, _ = url.partition("://")
    if not separator or scheme not in SCHEMES:
        known = ", ".join(f"{name}://" for name in SCHEMES)
        raise AddressUnreadable(f"REDIS_URL must be an address that begins with one of {known}.")
    if scheme == SENTINEL_SCHEME:
        sentinel_address(url)
    elif not _is_readable(url):
        raise AddressUnreadable(
            "REDIS_URL must be redis://[user:password@]host[:port][/db][?option=value] or "
            "unix://[user:password@]/path[?option=value], with options of redis-py. "
            "Special characters in the password are written as %40 for @, %2F for / and so on."
        )
    return url


def _is_readable(url: str) -> bool:
    """Return whether redis-py reads the whole URL: it drops what it can't read as a number."""
    try:
        parts = urlsplit(url)
        parse_qsl(parts.query, strict_parsing=bool(parts.query))
        ConnectionPool.from_url(url).make_connection()  # refuses unknown options; connects later
    except (ValueError, TypeError, RedisError):
        return False
    has_place = bool(parts.path) if parts.scheme == "unix" else re.fullmatch(r"/?[0-9]*", parts.path)
    return bool(has_place) and not parts.fragment and not re.search(r"\s", url)


def sentinel_address(url: str) -> SentinelAddress:
    """Read a ``redis+sentinel://`` URL. Raise AddressUnreadable."""
    match = SENTINEL_FORM.fullmatch(url)
    if match is None:
        raise AddressUnreadable(
            "REDIS_URL must be redis+sentinel://[user:password@]host:port,host:port/<master>[/<db>]."
        )
    username, _, password = (match["login"] or "").partition(":")
    options = dict(parse_qsl(match["query"] or "", keep_blank_values=True))
    sentinel_password = options.pop("sentinel_password", None)
    if options:
        raise AddressUnreadable("REDIS_URL must have no option with Sentinel but sentinel_password.")
    return SentinelAddress(
        hosts=tuple(_host(text) for text in match["hosts"].split(",")),
        master=match["master"],
        db=int(match["db"] or 0),
        username=unquote(username) or None,
        password=unquote(password) or None,
        sentinel_password=sentinel_password,
    )


def connect(url: str) -> Redis:
    """Return a client with short timeouts and a pool of its own. It connects at its first use."""
    # Once more on a new connection: the old one may lead to a server that was restarted or is a replica now.
    # redis-py's own ten retries would be as many timeouts.
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": ANSWER_SECONDS,
        "retry": Retry(NoBackoff(), 1),
    }
    if not url.startswith(SENTINEL_SCHEME):
        return Redis.from_url(url, connection_class=_connection_class(url), **options)
    address = sentinel_address(url)
    sentinel = Sentinel(address.hosts, **address.arguments, **options)  # type: ignore[no-untyped-call]
    master: Redis = sentinel.master_for(address.master)  # type: ignore[no-untyped-call]
    return master


def connect_in_loop(url: str, *, connections: int) -> redis_asyncio.Redis:
    """Return a client for an event loop. It connects at its first use.

    It never tries again, and waits only to connect: who asks sets a deadline for the whole.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_SECONDS,
        "socket_timeout": None,
        "retry": LoopRetry(NoBackoff(), 0),
        "max_connections": connections,
    }
    if not url.startswith(SENTINEL_SCHEME):
        return redis_asyncio.Redis.from_url(url, **options)
    address = sentinel_address(url)
    sentinel = LoopSentinel(address.hosts, **address.arguments, **options)  # type: ignore[no-untyped-call]
    master: redis_asyncio.Redis = sentinel.master_for(address.master)
    return master


def _connection_class(url: str) -> type[Any]:
    return CONNECTIONS[url.partition("://")[0]]


def queue_settings(url: str) -> dict[str, Any]:
    """Return the connection part of a queue in RQ_QUEUES. Workers wait for tasks with their own timeouts."""
    if not url.startswith(SENTINEL_SCHEME):
        return {"URL": url}
    address = sentinel_address(url)
    return {
        "SENTINELS": list(address.hosts),
        "MASTER_NAME": address.master,
        "DB": address.db,
        "USERNAME": address.username,
        "PASSWORD": address.password,
        "SENTINEL_KWARGS": address.sentinel_kwargs,
        # Without these RQ's dashboard would wait without end. A worker lengthens the second one for itself.
        "CONNECTION_KWARGS": {"socket_connect_timeout": CONNECT_SECONDS, "socket_timeout": ANSWER_SECONDS},
    }


def cache_settings(url: str) -> dict[str, Any]:
    """Return an entry of CACHES. A cache that is away is a cache miss, never an error."""
    options: dict[str, Any] = {
        "IGNORE_EXCEPTIONS": True,
        "LOG_IGNORED_EXCEPTIONS": True,
        "SOCKET_CONNECT_TIMEOUT": CACHE_SECONDS,
        "SOCKET_TIMEOUT": CACHE_SECONDS,
        "CONNECTION_POOL_KWARGS": {"retry": AskOnce()},
    }
    location = url
    if url.startswith(SENTINEL_SCHEME):
        address = sentinel_address(url)
        location = f"redis://{address.master}/{address.db}"
        options |= {
            "CLIENT_CLASS": "django_redis.client.SentinelClient",
            "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
            "SENTINELS": list(address.hosts),
            "SENTINEL_KWARGS": address.sentinel_kwargs,
            "PASSWORD": address.password or "",
        }
        if address.username:
            options["CONNECTION_POOL_KWARGS"]["username"] = address.username
    else:
        options["CONNECTION_POOL_KWARGS"]["connection_class"] = _connection_class(url)
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": location,
        "KEY_PREFIX": "tryon-studio",
        "OPTIONS": options,
    }


def passwords_in(url: str) -> list[str]:
    """Return the passwords of an address, as they stand in it and as Redis gets them."""
    login = url.partition("://")[2].rpartition("@")[0]
    options = dict(parse_qsl(urlsplit(url).query))
    found = [login.partition(":")[2], options.get("password", ""), options.get("sentinel_password", "")]
    return [text for password in found if password for text in (password, unquote(password))]


def _host(text: str) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError:
        name = port = None
    if not name:
        raise AddressUnreadable("REDIS_URL must name each sentinel as host:port.")
    return name, port or SENTINEL_PORT
