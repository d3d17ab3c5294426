"""Entry point of the clock: ``manage.py rqcron config.cron``. Run exactly one of it."""

from config.core.clock import check_host
from tryon.cron import register_timetable

check_host()
register_timetable()
