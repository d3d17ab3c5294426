"""The entry point of the web process: ``granian --interface asgi config.asgi:application``."""

import sys
from typing import Final

from config.wsgi import application as django  # isort: skip (what follows needs Django's apps)
from django.conf import settings

from config.core.http.address import path_of
from config.core.http.gate import BodyLimits, Gate, Places, Room, Rooms
from config.core.http.gate.rooms import (
    DOWNLOAD_THREADS,
    FETCH_THREADS,
    LOGIN_THREADS,
    SEARCH_THREADS,
    UPLOAD_THREADS,
)
from config.core.images import MAX_UPLOAD_BYTES
from config.core.redis.loop import LoopCounters
from config.shops.rates import refusal_before
from tryon.api.instant import InstantAnswers
from tryon.services.machines import require_shared_settings

require_shared_settings()

# A form has some fields beside its photo.
FORM_BYTES: Final = 1 << 20

# Python gives a thread that computes 5 ms before another may go on. The event loop, which answers for health
# and passes every request on, would wait as long for each of them, again and again.
sys.setswitchinterval(0.001)

# Questions to Redis at once, of the event loop.
QUESTIONS: Final = 32

instant: Final = InstantAnswers(
    LoopCounters(settings.REDIS_URL, most=QUESTIONS),
    Places(places=QUESTIONS, waiting=256, per_caller=128),
)
application: Final = Gate(
    django,
    rooms=Rooms(
        pages=Room("pages", threads=settings.WEB_THREADS, waiting=256, per_caller=128),
        uploads=Room("uploads", threads=UPLOAD_THREADS, waiting=32, per_caller=8),
        fetches=Room("fetches", threads=FETCH_THREADS, waiting=32, per_caller=8),
        logins=Room("logins", threads=LOGIN_THREADS, waiting=8, per_caller=3),
        searches=Room("searches", threads=SEARCH_THREADS, waiting=16, per_caller=4),
        downloads=Room("downloads", threads=DOWNLOAD_THREADS, waiting=4, per_caller=2),
        login_path=path_of("admin:login"),
        upload_path=path_of("api-upload"),
    ),
    bodies=Places(places=128, waiting=0, per_caller=32),
    files=BodyLimits(size=MAX_UPLOAD_BYTES + FORM_BYTES, seconds=120),
    texts=BodyLimits(size=settings.DATA_UPLOAD_MAX_MEMORY_SIZE, seconds=10),
    health_path=path_of("healthz"),
    prefix=settings.FORCE_SCRIPT_NAME or "",
    refusal_before=refusal_before,
    answer_before=instant.answer,
)
