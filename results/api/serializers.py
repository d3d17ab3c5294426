"""Results and feedback as the API accepts and returns them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypedDict
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from config.core.http.envelope import Url, absolute_urls
from config.core.http.pagination import ListQuery
from config.core.http.strict import Choice, Few, Id, Moment, StrictSerializer, Text
from results.garments import Asked, GarmentAnswer, garments_asked, options_asked
from results.labels import AiLabelAnswer, ai_label
from results.models import Reason, Review, Verdict

if TYPE_CHECKING:
    from results.models import ResultFeedback
    from results.selectors import ShownResult

MAX_COMMENT = 1000


class RecipeAnswer(TypedDict):
    """The photos and options of a picture, as its caller asked for it."""

    productImageId: UUID
    modelImageId: Annotated[UUID | None, _("None on a shopper's own photo.")]
    shopperPhotoId: Annotated[UUID | None, _("None on a model photo.")]
    productId: str
    garments: Annotated[list[GarmentAnswer], _("In the order in which they were put on.")]
    options: dict[str, Any]
    providerModel: str | None


class FeedbackAnswer(TypedDict):
    """A caller's judgement of a picture."""

    verdict: Annotated[str, Verdict]
    reasons: list[Annotated[str, Reason]]
    comment: str
    createdAt: datetime


class ResultAnswer(TypedDict):
    """A try-on picture."""

    id: UUID
    jobId: UUID
    imageUrl: Url
    thumbnailUrl: Url
    width: int
    height: int
    creditsUsed: int
    aiGenerated: bool
    aiLabel: AiLabelAnswer
    review: Annotated[str, Review]
    test: Annotated[bool, _("A stand-in makes the picture, not FASHN.")]
    recipe: RecipeAnswer
    feedback: Annotated[FeedbackAnswer | None, _("The caller's own.")]
    expiresAt: datetime
    createdAt: datetime


class ResultQuery(ListQuery):
    """The query of ``GET /results``."""

    productId = Text(required=False, max_length=100)
    productImageId = Id(required=False)
    modelImageId = Id(required=False)
    review = Choice(choices=Review.choices, required=False)
    createdAfter = Moment(required=False)
    createdBefore = Moment(required=False)


class GiveFeedbackSerializer(StrictSerializer):
    """``POST /results/{id}/feedback``."""

    verdict = Choice(choices=Verdict.choices)
    reasons = Few(child=Choice(choices=Reason.choices), required=False, max_length=len(Reason))
    comment = Text(required=False, allow_blank=True, max_length=MAX_COMMENT)


def result_answers(results: "Sequence[ShownResult]", request: Request) -> list[ResultAnswer]:
    """Return results as the API shows them. They come from ``with_recipe_and_feedback``."""
    urls = absolute_urls(request, [file for result in results for file in (result.image, result.thumbnail)])
    asked = [
        Asked(
            result.job_id,
            result.seen_viewer,
            result.shown_product_image,
            result.shown_product_id,
            result.shown_options,
        )
        for result in results
    ]
    garments = garments_asked(asked)
    return [_answer(result, urls, garments[result.job_id]) for result in results]


def _answer(result: "ShownResult", urls: Mapping[str, Url], garments: list[GarmentAnswer]) -> ResultAnswer:
    return {
        "id": result.pk,
        "jobId": result.job_id,
        "imageUrl": urls[str(result.image)],
        "thumbnailUrl": urls[str(result.thumbnail)],
        "width": result.width,
        "height": result.height,
        "creditsUsed": result.credits_used,
        "aiGenerated": True,
        "aiLabel": ai_label(),
        "review": result.review,
        "test": result.is_test,
        "recipe": {
            "productImageId": result.shown_product_image,
            "modelImageId": result.shown_model_image,
            "shopperPhotoId": result.shown_shopper_photo,
            "productId": result.shown_product_id,
            "garments": garments,
            "options": options_asked(result.shown_options),
            "providerModel": result.provider_model,
        },
        "feedback": own_feedback(result),
        "expiresAt": result.expires_at,
        "createdAt": result.created_at,
    }


def own_feedback(result: "ShownResult") -> FeedbackAnswer | None:
    """Return the caller's judgement of the result, or None."""
    if result.own_verdict is None or result.own_created_at is None:
        return None
    return {
        "verdict": result.own_verdict,
        "reasons": result.own_reasons or [],
        "comment": result.own_comment or "",
        "createdAt": result.own_created_at,
    }


def feedback_answer(feedback: "ResultFeedback") -> FeedbackAnswer:
    return {
        "verdict": feedback.verdict,
        "reasons": feedback.reasons,
        "comment": feedback.comment,
        "createdAt": feedback.created_at,
    }
