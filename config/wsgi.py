"""WSGI entry point: ``granian --interface wsgi config.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

from config.core.clock import check_host
from config.core.images import CHILDREN

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
check_host()
CHILDREN.start()
