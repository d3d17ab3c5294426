"""Private picture storage: random object keys and signed URLs that expire, on local disk and on S3 alike."""

from config.core.storage.claims import copies_marks, originals_marks, others_marks, shared_place
from config.core.storage.errors import ObjectArchived, ObjectMissing, StorageUnavailable
from config.core.storage.files import (
    addresses,
    discard,
    discard_after_commit,
    look_at,
    new_files,
    pieces,
    read,
)
from config.core.storage.keys import KINDS, OUR_KEY, StoredObject, content_type, folders
from config.core.storage.listing import objects_in
from config.core.storage.time_budget import StorageBudgetMiddleware
from config.core.storage.trial import Finding, Step, storage_findings, storage_state

__all__ = [
    "KINDS",
    "OUR_KEY",
    "Finding",
    "ObjectArchived",
    "ObjectMissing",
    "Step",
    "StorageBudgetMiddleware",
    "StorageUnavailable",
    "StoredObject",
    "addresses",
    "content_type",
    "copies_marks",
    "discard",
    "discard_after_commit",
    "folders",
    "look_at",
    "new_files",
    "objects_in",
    "originals_marks",
    "others_marks",
    "pieces",
    "read",
    "shared_place",
    "storage_findings",
    "storage_state",
]
