"""All settings, read once from the environment. With none set, an embedded set-up under ``var/`` works.

Each module has the settings of one subject, and imports by name what it needs of another. The readers are in
config/env.py. README.md lists names, defaults and meanings; a test fails when one is missing there.
"""

from config.settings.alerts import *
from config.settings.api import *
from config.settings.application import *
from config.settings.database import *
from config.settings.fashn import *
from config.settings.files import *
from config.settings.lifetimes import *
from config.settings.limits import *
from config.settings.logs import *
from config.settings.people import *
from config.settings.places import *
from config.settings.queues import *
from config.settings.security import *
