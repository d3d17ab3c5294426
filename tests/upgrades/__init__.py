"""Upgrades: two releases on one database, the way back, backups."""
