"""Cleanup tasks. They remove what nobody needs, in batches that can stop and continue at any time."""

from tryon.cleanup.registry import EARLY, ONCE, TASKS, Task

__all__ = ["EARLY", "ONCE", "TASKS", "Task"]
