"""Prints the ids of the catalogue's product photos: ``python -m tests.chaos.catalogue``."""

import sys

import django

django.setup()

from tryon.selectors.photos import catalogue  # noqa: E402  (models need Django set up)

if __name__ == "__main__":
    sys.stdout.writelines(f"{photo.pk}\n" for photo in catalogue())
