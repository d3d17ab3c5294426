"""The demo's output for the person at the terminal."""

from typing import Final, TextIO

BAR_CELLS: Final = 24
CLEAR_LINE: Final = "\r\x1b[2K"


class Console:
    """Plain lines, and one line that changes in place on a terminal.

    Where output goes to a file or a pipe, each change is a line of its own.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._live = ""

    def say(self, text: str) -> None:
        """Write a line of its own."""
        self.end_live()
        self._write(f"{text}\n")

    def live(self, text: str) -> None:
        """Show a line that the next call replaces."""
        if text == self._live:
            return
        self._live = text
        self._write(f"{CLEAR_LINE}{text}" if self._terminal else f"{text}\n")

    def end_live(self) -> None:
        """Leave the changing line as it stands."""
        if self._live and self._terminal:
            self._write("\n")
        self._live = ""

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def bar(percent: int) -> str:
    """A progress bar, 0 to 100."""
    filled = round(BAR_CELLS * max(0, min(100, percent)) / 100)
    return "█" * filled + "░" * (BAR_CELLS - filled)
