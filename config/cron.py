"""What runs by the clock: ``manage.py rqcron config.cron``. Run exactly one of these."""

from typing import Final

from django.utils.module_loading import import_string
from rq import cron

SWEEP_SECONDS: Final = 30

# By its path: the ground floor imports no app.
cron.register(
    import_string("tryon.tasks.sweep"),
    queue_name="maintenance",
    interval=SWEEP_SECONDS,
    # A sweep that found no worker for half a minute is overtaken by the next one.
    ttl=SWEEP_SECONDS,
    result_ttl=60,
    failure_ttl=86_400,
)
