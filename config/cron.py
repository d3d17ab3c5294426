"""Entry point of the clock: ``manage.py rqcron config.cron``. Run exactly one of these."""

from tryon.cron import register_timetable

register_timetable()
