"""Files: uploads through Django's storages behind the circuit `storage`, static files by the web process."""

from urllib.parse import urlsplit

from config import env


def _inner_storage(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme == "s3":
        return {
            "BACKEND": "storages.backends.s3.S3Storage",
            "OPTIONS": {
                "bucket_name": parts.netloc,
                "location": parts.path.lstrip("/"),
                "file_overwrite": False,
            },
        }
    location = parts.path or str(env.read(env.PODIUM_HOME) / "media")
    return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": location}}


STORAGE_URL = env.read(env.STORAGE_URL)
STORAGES = {
    "default": {"BACKEND": "apps.integrations.storage.GuardedStorage", "OPTIONS": {"inner": "files"}},
    "files": _inner_storage(STORAGE_URL),
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATICFILES_DIRS = [env.ROOT / "config" / "static"]
SERVESTATIC_USE_FINDERS = True
# How large an uploaded table may be. It is read in the request, so that its bad rows are named at once.
DATASET_LIMITS = {"bytes": 100 * 1024 * 1024, "rows": 5_000_000, "columns": 2_000}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
