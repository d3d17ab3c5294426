"""The recipe of a job: the named set of options that equals its own."""

from collections.abc import Mapping
from typing import Any

from models_library.models import ModelImage
from tryon.batches.models import NamedRecipe
from tryon.fashn.options import OptionError, TryOnOptions
from tryon.models import TryOnJob
from tryon.services.generate import with_default_category


def recipe_of(job: TryOnJob) -> NamedRecipe | None:
    """Return the recipe that a job has, None if it has none with a name. Active recipes come first."""
    for recipe in NamedRecipe.objects.order_by("-is_active", "name"):
        if job.options in (recipe.options, options_on(recipe.options, job.model_image)):
            return recipe
    return None


def options_on(options: Mapping[str, Any], model: ModelImage | None) -> dict[str, Any] | None:
    """Return a job's options on a model photo, which may name the garment's category. None if unusable."""
    try:
        asked = TryOnOptions.from_mapping(options)
    except OptionError:
        return None
    return dict((asked if model is None else with_default_category(asked, model)).normalised())
