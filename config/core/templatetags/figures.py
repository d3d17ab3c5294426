"""Numbers as people read them, for templates."""

from django import template

from config.core.admin.charts import in_figures

register = template.Library()
register.filter("figures", in_figures)
