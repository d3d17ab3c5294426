"""The admin pages of people's preferences and of the audit log."""

from django.contrib import admin

from config.people.models import AuditEntry

admin.site.unregister(AuditEntry)  # the library's own page
