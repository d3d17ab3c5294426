"""A secret that the embedded set-up makes and keeps."""

import secrets
from pathlib import Path

from config.core.private import FILE_MODE, make_private_folder


def read_or_create_secret(path: Path) -> str:
    """Return the secret in ``path``; make it there (mode 0600) when the file is missing.

    Several processes may start at once: one creates the file, and the others read it. Raise OSError.
    """
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        make_private_folder(path.parent)
    # Write aside and link into place, so that no other process reads half a secret.
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=FILE_MODE)
    draft.write_text(secrets.token_urlsafe(64))
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first; its secret counts
    finally:
        draft.unlink()
    return path.read_text().strip()
