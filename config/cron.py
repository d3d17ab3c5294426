"""Entry point of the clock: ``manage.py rqcron config.cron``. Run exactly one of it."""

from config.core.host_clock import HOST_CLOCK
from tryon.cron import register_timetable
from tryon.engine.queue import wait_until_there
from tryon.services.machines import require_shared_settings

wait_until_there()
HOST_CLOCK.compare()
require_shared_settings()
register_timetable()
