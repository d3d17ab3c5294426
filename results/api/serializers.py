"""A result as the API shows it."""

from rest_framework import serializers

from results.models import TryOnResult


class ResultSerializer(serializers.ModelSerializer[TryOnResult]):
    jobId = serializers.UUIDField(source="job_id")
    imageUrl = serializers.SerializerMethodField()
    thumbnailUrl = serializers.SerializerMethodField()
    creditsUsed = serializers.IntegerField(source="credits_used")
    aiGenerated = serializers.SerializerMethodField()
    expiresAt = serializers.DateTimeField(source="expires_at")
    createdAt = serializers.DateTimeField(source="created_at")

    class Meta:
        model = TryOnResult
        fields = [
            "id",
            "jobId",
            "imageUrl",
            "thumbnailUrl",
            "width",
            "height",
            "creditsUsed",
            "aiGenerated",
            "review",
            "expiresAt",
            "createdAt",
        ]

    def get_imageUrl(self, result: TryOnResult) -> str:
        return self._absolute(result.image.url)

    def get_thumbnailUrl(self, result: TryOnResult) -> str:
        return self._absolute(result.thumbnail.url)

    def get_aiGenerated(self, result: TryOnResult) -> bool:
        return True

    def _absolute(self, url: str) -> str:
        return str(self.context["request"].build_absolute_uri(url))
