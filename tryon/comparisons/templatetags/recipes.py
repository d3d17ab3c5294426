"""The name of a job's recipe, for pages about jobs and results."""

from django import template
from django.utils.translation import gettext

from tryon.comparisons.recipes import recipe_of
from tryon.models import TryOnJob

register = template.Library()


@register.simple_tag
def recipe_name(job: TryOnJob) -> str:
    """Return the name of the recipe that a job has, or that it has none."""
    recipe = recipe_of(job)
    return gettext("no recipe") if recipe is None else recipe.name
