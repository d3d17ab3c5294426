"""The application that the server runs: ``granian --interface asgi tryon.events.app:app``."""

from typing import Final

from config.core.logs import configure_logging
from config.core.redis.addresses import connect_in_loop, passwords_in
from tryon.events.door import Door
from tryon.events.hub import Hub
from tryon.events.options import Options

options: Final = Options.read()
configure_logging(
    log_format=options.log_format,
    level=options.log_level,
    secrets=[options.secret, *passwords_in(options.redis_url)],
)
app: Final = Door(
    Hub(lambda: connect_in_loop(options.redis_url, connections=4)),
    secret=options.secret,
    connections=options.connections,
)
