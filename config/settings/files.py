"""Files: pictures, in a folder or a store with S3's protocol; what browsers send, and static files."""

from pathlib import Path

from config import env
from config.core.http.static import add_headers
from config.core.private import FILE_MODE, FOLDER_MODE
from config.s3_options import ADDRESSING, check_store, s3_storage
from config.settings.places import BASE_DIR, PUBLIC, VAR_DIR

MEDIA_ROOT = VAR_DIR / "media"
MEDIA_URL = f"{PUBLIC.path}/media/"
SIGNED_URL_SECONDS = env.number("SIGNED_URL_SECONDS", 3600, least=1)
S3_BUCKET = env.bucket("S3_BUCKET")
S3_PREFIX = env.folder("S3_PREFIX")
S3_REGION = env.region("S3_REGION", "auto")
S3_ACCESS_KEY = env.text("S3_ACCESS_KEY")
S3_SECRET_KEY = env.text("S3_SECRET_KEY")
S3_ENDPOINT = env.web_address("S3_ENDPOINT", "", example="https://account.r2.cloudflarestorage.com")
# The address of the same store in signed URLs, where browsers can't reach it at S3_ENDPOINT.
S3_PUBLIC_ENDPOINT = env.web_address("S3_PUBLIC_ENDPOINT", "", example="https://pictures.shop.example")
S3_ADDRESSING = env.choice("S3_ADDRESSING", "auto", ADDRESSING)
check_store(
    bucket=S3_BUCKET,
    region=S3_REGION,
    endpoints={"S3_ENDPOINT": S3_ENDPOINT, "S3_PUBLIC_ENDPOINT": S3_PUBLIC_ENDPOINT},
)
outer_endpoint = S3_PUBLIC_ENDPOINT or S3_ENDPOINT

if S3_BUCKET:
    media_storage = s3_storage(
        bucket=S3_BUCKET,
        region=S3_REGION,
        access_key=S3_ACCESS_KEY,
        secret_key=S3_SECRET_KEY,
        endpoint=S3_ENDPOINT,
        public_endpoint=S3_PUBLIC_ENDPOINT,
        addressing=S3_ADDRESSING,
        url_seconds=SIGNED_URL_SECONDS,
        prefix=S3_PREFIX,
    )
else:
    media_storage = {
        "BACKEND": "config.core.storage.local.SignedFileSystemStorage",
        "OPTIONS": {"file_permissions_mode": FILE_MODE, "directory_permissions_mode": FOLDER_MODE},
    }

STORAGES = {
    "default": media_storage,
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
STATIC_URL = f"{PUBLIC.path}/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(VAR_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
WHITENOISE_ADD_HEADERS_FUNCTION = add_headers

# Small files stay in memory. Larger ones go to a file without a name: a killed process leaves none behind.
FILE_UPLOAD_HANDLERS = [
    "config.core.http.file_names.FileNamesHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "config.core.http.uploads.NamelessFileUploadHandler",
]
# Django counts uploaded files apart. This limits all other parts of a request.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
