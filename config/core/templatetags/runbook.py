"""Links to the runbook, for templates."""

from django import template

from config.core.admin import runbook

register = template.Library()
register.simple_tag(runbook.runbook_link)
