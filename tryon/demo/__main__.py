"""``python -m tryon.demo``: the demo's supervisor, without Django's settings of its own.

Only the children read settings, so an unusable ``var`` is one line here and not a failing import.
"""

import sys

from tryon.demo.run import main

sys.exit(main())
