"""Results and feedback as the API takes and shows them."""

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from config.core.http.strict import StrictSerializer
from results.models import Reason, Review, Verdict

if TYPE_CHECKING:
    from results.models import ResultFeedback
    from results.selectors import ShownResult

MAX_COMMENT = 1000


class RecipeSerializer(serializers.Serializer[Any]):
    productImageId = serializers.UUIDField()
    modelImageId = serializers.UUIDField()
    productId = serializers.CharField()
    options = serializers.DictField()
    providerModel = serializers.CharField(allow_null=True)


class FeedbackSerializer(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=Reason.choices))
    comment = serializers.CharField(allow_blank=True)
    createdAt = serializers.DateTimeField()


class ResultSerializer(serializers.Serializer[Any]):
    """``GET /results/{id}``, for the schema; ``result_json`` makes it."""

    id = serializers.UUIDField()
    jobId = serializers.UUIDField()
    imageUrl = serializers.URLField()
    thumbnailUrl = serializers.URLField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    creditsUsed = serializers.IntegerField()
    aiGenerated = serializers.BooleanField()
    review = serializers.ChoiceField(choices=Review.choices)
    recipe = RecipeSerializer()
    feedback = FeedbackSerializer(allow_null=True, help_text=_("The caller's own."))
    expiresAt = serializers.DateTimeField()
    createdAt = serializers.DateTimeField()


class ResultFilterSerializer(serializers.Serializer[Any]):
    """The query of ``GET /results``."""

    productId = serializers.CharField(required=False, max_length=100)
    productImageId = serializers.UUIDField(required=False)
    modelImageId = serializers.UUIDField(required=False)
    review = serializers.ChoiceField(choices=Review.choices, required=False)
    createdAfter = serializers.DateTimeField(required=False)
    createdBefore = serializers.DateTimeField(required=False)


class GiveFeedbackSerializer(StrictSerializer):
    """``POST /results/{id}/feedback``."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)
    reasons = serializers.ListField(
        child=serializers.ChoiceField(choices=Reason.choices), required=False, max_length=len(Reason)
    )
    comment = serializers.CharField(required=False, allow_blank=True, max_length=MAX_COMMENT)


def result_json(result: "ShownResult", request: Any) -> dict[str, Any]:
    """A result as the API shows it. It comes ``with_recipe_and_feedback``."""
    absolute = request.build_absolute_uri
    return {
        "id": str(result.pk),
        "jobId": str(result.job_id),
        "imageUrl": absolute(result.image.url),
        "thumbnailUrl": absolute(result.thumbnail.url),
        "width": result.width,
        "height": result.height,
        "creditsUsed": result.credits_used,
        "aiGenerated": True,
        "review": result.review,
        "recipe": {
            "productImageId": str(result.shown_product_image),
            "modelImageId": str(result.job.model_image_id),
            "productId": result.shown_product_id,
            "options": result.job.options,
            "providerModel": result.provider_model,
        },
        "feedback": own_feedback(result),
        "expiresAt": result.expires_at,
        "createdAt": result.created_at,
    }


def own_feedback(result: "ShownResult") -> dict[str, Any] | None:
    """What the caller said of the result, None while nothing."""
    if result.own_verdict is None:
        return None
    return {
        "verdict": result.own_verdict,
        "reasons": result.own_reasons,
        "comment": result.own_comment,
        "createdAt": result.own_created_at,
    }


def feedback_json(feedback: "ResultFeedback") -> dict[str, Any]:
    """What ``POST /results/{id}/feedback`` answers."""
    return {
        "verdict": feedback.verdict,
        "reasons": feedback.reasons,
        "comment": feedback.comment,
        "createdAt": feedback.created_at,
    }
