"""Entry point of the clock: ``manage.py rqcron config.cron``. Run exactly one of it."""

from config.core.clock import check_host
from tryon.cron import register_timetable
from tryon.engine.queue import wait_until_there
from tryon.services.machines import require_shared_settings

check_host()
wait_until_there()
require_shared_settings()
register_timetable()
