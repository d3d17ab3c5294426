"""Blind comparisons of two recipes on the same pairs of photos."""

import uuid
from typing import override

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from config.core import clock


class Comparison(models.Model):
    """Two recipes that people compare without knowing which is which.

    ``options_a`` and ``options_b`` are those of the recipes when the comparison began, normalised: a recipe
    that changes later changes nothing here.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    recipe_a = models.ForeignKey(
        "batches.NamedRecipe", on_delete=models.PROTECT, related_name="+", verbose_name=_("recipe A")
    )
    recipe_b = models.ForeignKey(
        "batches.NamedRecipe", on_delete=models.PROTECT, related_name="+", verbose_name=_("recipe B")
    )
    options_a = models.JSONField(default=dict, editable=False)
    options_b = models.JSONField(default=dict, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="comparisons",
        verbose_name=_("person"),
    )
    created_at = models.DateTimeField(_("created"), default=clock.now, editable=False)

    class Meta:
        verbose_name = _("comparison")
        verbose_name_plural = _("comparisons")
        ordering = ["-created_at", "id"]
        default_permissions = ["add", "view"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(recipe_a=models.F("recipe_b")), name="comparison_of_two_recipes"
            )
        ]

    @override
    def __str__(self) -> str:
        return self.name


class ComparisonPair(models.Model):
    """A garment on a model photo. The keys are those of the pictures that the two recipes make of it."""

    comparison = models.ForeignKey(Comparison, on_delete=models.CASCADE, related_name="pairs")
    position = models.PositiveSmallIntegerField()
    product_image = models.ForeignKey(
        "tryon.ProductImage", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    model_image = models.ForeignKey(
        "models_library.ModelImage", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    key_a = models.CharField(max_length=64)
    key_b = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["comparison", "position"], name="comparison_position_once")
        ]

    @override
    def __str__(self) -> str:
        return str(self.position)


class Choice(models.TextChoices):
    """A person's choice between the two pictures of a pair."""

    A = "a", _("Recipe A")
    B = "b", _("Recipe B")
    EQUAL = "equal", _("Equally good")
    SKIPPED = "skipped", _("Skipped")


class Vote(models.Model):
    """One person's choice on one pair. ``is_swapped``: the picture of recipe A stood on the right."""

    pair = models.ForeignKey(ComparisonPair, on_delete=models.CASCADE, related_name="votes")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="comparison_votes"
    )
    choice = models.CharField(max_length=10, choices=Choice)
    is_swapped = models.BooleanField()
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["pair", "person"], name="comparison_vote_once"),
            models.CheckConstraint(
                condition=models.Q(choice__in=Choice.values), name="comparison_vote_choice"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.choice
