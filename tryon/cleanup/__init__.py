"""Clean-up tasks: what is no longer needed, in batches that can stop and go on at any time."""

from tryon.cleanup.registry import EARLY, TASKS, Task

__all__ = ["EARLY", "TASKS", "Task"]
