"""The browser that visits an installation."""

from tests.browser.chromium import chromium

__all__ = ["chromium"]
