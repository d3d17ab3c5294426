"""Uploaded files on disk."""

from tempfile import TemporaryFile
from typing import Any, Final, override

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler

MOST_FILES: Final = 20  # photos in one form of the admin


class NamelessFileUploadHandler(FileUploadHandler):
    """Write each upload to a file without a name.

    Django's own handler gives it a name, and a process that is killed leaves the photo in the temporary
    folder. The system frees a file without a name with its process.
    """

    file: "UploadedFile[Any]"

    @override
    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.file = UploadedFile(
            TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR),  # noqa: SIM115 - the request closes it
            self.file_name,
            self.content_type,
            0,
            self.charset,
            self.content_type_extra,
        )

    @override
    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self.file.write(raw_data)

    @override
    def file_complete(self, file_size: int) -> "UploadedFile[Any]":
        self.file.seek(0)
        self.file.size = file_size
        return self.file

    @override
    def upload_interrupted(self) -> None:
        """Close the file of an upload that broke off, and with it free its room."""
        if hasattr(self, "file"):
            self.file.close()
