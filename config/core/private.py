"""Folders and files that only our own user opens, whatever the umask is."""

import os
from pathlib import Path
from typing import Final

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600


def make_private_folder(path: Path) -> None:
    """Make a folder and those above it. One that exists keeps its mode. Raise OSError."""
    if path.is_dir():
        return
    make_private_folder(path.parent)
    path.mkdir(FOLDER_MODE, exist_ok=True)


def make_private_file(path: Path) -> None:
    """Make an empty file. One that exists keeps its content and its mode. Raise OSError."""
    make_private_folder(path.parent)
    os.close(os.open(path, os.O_CREAT | os.O_RDONLY, FILE_MODE))
