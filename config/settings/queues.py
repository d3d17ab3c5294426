"""Redis: the queues of workers, and the cache."""

from config import env
from config.core.redis.addresses import cache_settings, queue_settings
from config.settings.fashn import FASHN_TIMEOUT_SECONDS

REDIS_URL = env.redis_address("REDIS_URL", "redis://127.0.0.1:6379/0")
RQ_QUEUES = {
    # The steps of jobs. They are short, so that a worker stops soon after it is told to. A step that hangs is
    # stopped, later than the deadlines of its parts: two photos from the store (100 s at the worst), 60 s
    # of sending, FASHN's answer and its body, 15 s of writing down its id.
    "tryon": {**queue_settings(REDIS_URL), "DEFAULT_TIMEOUT": 240 + 2 * FASHN_TIMEOUT_SECONDS},
    "maintenance": {**queue_settings(REDIS_URL), "DEFAULT_TIMEOUT": 1800},
}
RQ = {
    "COMMIT_MODE": "auto",  # tryon/engine/queue.py waits for the commit itself, and survives an outage
    "WORKER_CLASS": "tryon.worker.MaintenanceWorker",  # where rqworker's --worker-class names none
}
RQ_SHOW_ADMIN_LINK = False  # tryon/admin/queues.py shows the dashboard, to those who may see it
CACHES = {
    "default": cache_settings(REDIS_URL),
    # Small numbers that each process may find again by itself.
    "process": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}
