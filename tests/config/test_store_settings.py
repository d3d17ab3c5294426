"""Settings of the store that would fail at the first upload are refused at the start, by name."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.settings_read import settings_now

R2 = "https://account.r2.cloudflarestorage.com"


def loaded(monkeypatch: pytest.MonkeyPatch, **environment: str) -> dict[str, Any]:
    """Return the settings in this environment."""
    for name, value in {"S3_BUCKET": "shop-pics", **environment}.items():
        monkeypatch.setenv(name, value)
    return settings_now()


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("S3_ENDPOINT", {"S3_ENDPOINT": "account.r2.cloudflarestorage.com"}),
        ("S3_ENDPOINT", {"S3_ENDPOINT": f"{R2}/shop-pics"}),
        ("S3_ENDPOINT", {"S3_ENDPOINT": f"{R2}/shop-pics/"}),
        ("S3_ENDPOINT", {"S3_ENDPOINT": "https://shop-pics.account.r2.cloudflarestorage.com"}),
        (
            "S3_ENDPOINT",
            {"S3_ENDPOINT": "https://shop-pics.s3.eu-west-1.amazonaws.com", "S3_REGION": "x1"},
        ),
        ("S3_ENDPOINT", {"S3_ENDPOINT": "https://SHOP-PICS.oss-cn-hangzhou.aliyuncs.com"}),
        ("S3_PUBLIC_ENDPOINT", {"S3_ENDPOINT": "http://minio:9000", "S3_PUBLIC_ENDPOINT": "pics.example"}),
        (
            "S3_PUBLIC_ENDPOINT",
            {"S3_ENDPOINT": "http://minio:9000", "S3_PUBLIC_ENDPOINT": "https://pics.example/shop-pics"},
        ),
        ("S3_REGION", {}),
        ("S3_REGION", {"S3_REGION": "auto"}),
        ("S3_REGION", {"S3_ENDPOINT": "https://s3.eu-central-1.amazonaws.com"}),
        ("S3_ADDRESSING", {"S3_ENDPOINT": R2, "S3_ADDRESSING": "host"}),
    ],
)
def test_a_slip_is_named_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, environment: dict[str, str]
) -> None:
    with pytest.raises(ImproperlyConfigured, match=rf"^{name} must (not )?(be|have) [^\n]+\.$") as caught:
        loaded(monkeypatch, **environment)
    assert "shop-pics" not in str(caught.value)


@pytest.mark.parametrize(
    "environment",
    [
        {"S3_REGION": "eu-central-1"},
        {"S3_ENDPOINT": R2},
        {"S3_ENDPOINT": "http://minio:9000", "S3_BUCKET": "minio"},
        {"S3_ENDPOINT": "https://storage.shop.example", "S3_BUCKET": "storage"},
        {"S3_ENDPOINT": "https://project.supabase.co/storage/v1/s3", "S3_REGION": "eu-central-1"},
        {"S3_BUCKET": ""},
    ],
)
def test_what_works_is_taken(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    assert "STORAGES" in loaded(monkeypatch, **environment)


@pytest.mark.parametrize(
    ("environment", "style", "source"),
    [
        ({"S3_REGION": "eu-central-1"}, "auto", "https:"),
        ({"S3_ENDPOINT": R2}, "path", R2),
        ({"S3_ENDPOINT": "http://minio:9000"}, "path", "http://minio:9000"),
        ({"S3_ENDPOINT": R2, "S3_ADDRESSING": "virtual"}, "virtual", R2.replace("//", "//shop-pics.")),
        (
            {"S3_ENDPOINT": "https://oss-cn-hangzhou.aliyuncs.com"},
            "virtual",
            "https://shop-pics.oss-cn-hangzhou.aliyuncs.com",
        ),
        (
            {"S3_ENDPOINT": "https://oss-cn-hangzhou.aliyuncs.com", "S3_ADDRESSING": "path"},
            "path",
            "https://oss-cn-hangzhou.aliyuncs.com",
        ),
        (
            {"S3_ENDPOINT": "https://cos.ap-seoul.myqcloud.com"},
            "virtual",
            "https://shop-pics.cos.ap-seoul.myqcloud.com",
        ),
        (
            {"S3_ENDPOINT": "https://project.supabase.co/storage/v1/s3"},
            "path",
            "https://project.supabase.co",
        ),
        (
            {"S3_ENDPOINT": "http://minio:9000", "S3_PUBLIC_ENDPOINT": "https://pics.shop.example"},
            "path",
            "https://pics.shop.example",
        ),
    ],
)
def test_pages_allow_the_host_that_addresses_have(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], style: str, source: str
) -> None:
    settings = loaded(monkeypatch, **environment)
    config = settings["STORAGES"]["default"]["OPTIONS"]["client_config"]
    assert config.s3["addressing_style"] == style
    assert settings["SECURE_CSP"]["img-src"][3:] == [source]


@pytest.mark.parametrize(
    ("environment", "by_address"),
    [
        ({"S3_ENDPOINT": "http://minio:9000"}, False),
        ({"S3_ENDPOINT": "http://minio:9000", "S3_PUBLIC_ENDPOINT": "https://pics.shop.example"}, True),
        ({"S3_ENDPOINT": R2}, True),
    ],
)
def test_fashn_fetches_photos_from_the_outer_address(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], by_address: bool
) -> None:
    assert loaded(monkeypatch, **environment)["FASHN_INPUT_URLS"] is by_address
