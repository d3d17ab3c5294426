"""The admin pages of shops, keys and people."""

from config.shops import keys_admin, people_admin, shops_admin  # noqa: F401  (each registers its pages)
