"""WSGI entry point: ``granian --interface wsgi config.wsgi:application``."""

import gc
import os

from django.core.signals import request_finished
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.urls import get_resolver

from config.core.host_clock import HOST_CLOCK
from config.core.images import CHILDREN

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
HOST_CLOCK.compare()
request_finished.connect(HOST_CLOCK.compare_known)
connections.close_all()  # the thread that loads this serves no request, and connections may be few
CHILDREN.start()
_ = get_resolver().url_patterns  # imports the views, which the first request would wait for
# A full collection stops the process. Looking at all that is loaded for good, it took 70 ms and more.
gc.collect()
gc.freeze()
