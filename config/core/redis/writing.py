"""Redis that answers and refuses to write: full without eviction, a replica after a failover, a full disk.

To us it is away: no task can be handed over. So writing is what is tried, and a connection to a server that
has become a replica is dropped, for its name may lead to the new primary by now.
"""

import time
from typing import Any, Final

import structlog
from redis import Connection, Redis, RedisError, SSLConnection, UnixDomainSocketConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, ResponseError

logger = structlog.stdlib.get_logger(__name__)

# Among RQ's keys: a user of Redis who may write those may write this.
PROBE_KEY: Final = "rq:tryon-studio:probe"
PROBE_SECONDS: Final = 10
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 15.0


class _LeavesReplica:
    """A connection that counts as broken when its server says that it is a replica.

    The client closes a broken connection and makes another, for which the name is looked up again.
    """

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return super().read_response(*args, **options)  # type: ignore[misc]
        except ReadOnlyError as error:
            raise RedisConnectionError("The primary has become a replica.") from error


class PrimaryConnection(_LeavesReplica, Connection):
    pass


class PrimarySSLConnection(_LeavesReplica, SSLConnection):
    pass


class PrimarySocketConnection(_LeavesReplica, UnixDomainSocketConnection):
    pass


# By the schemes of REDIS_URL. redis-py's connections through Sentinel do the same by themselves.
CONNECTIONS: Final[dict[str, type[Any]]] = {
    "redis": PrimaryConnection,
    "rediss": PrimarySSLConnection,
    "unix": PrimarySocketConnection,
}


def require_writable(client: Redis) -> None:
    """Raise RedisError where nothing can be written, for any reason."""
    client.set(PROBE_KEY, "", ex=PROBE_SECONDS)


def wait_until_writable(client: Redis) -> None:
    """Return when something can be written, and say why not until then. The wait between tries grows."""
    wait = FIRST_WAIT_SECONDS
    while True:
        try:
            require_writable(client)
        except RedisError as error:
            logger.error("redis_not_writable", reason=reason_of(error), again_in_seconds=wait)
            client.connection_pool.disconnect()
        else:
            return
        time.sleep(wait)
        wait = min(2 * wait, LONGEST_WAIT_SECONDS)


def reason_of(error: RedisError) -> str:
    """Return what Redis said where it refused, else the kind of fault: its text has the address in it."""
    return str(error)[:100] if isinstance(error, ResponseError) else type(error).__name__
