"""What can end the demo early."""


class DemoError(Exception):
    """The demo can't go on. The text is one plain line that says what to do next."""

    code = "demo"


class ChildFailed(DemoError):
    """A program that the demo needs could not be started, or keeps stopping."""

    code = "child_failed"


class PortTaken(DemoError):
    code = "port_taken"


class VarNotUsable(DemoError):
    """The folder for data can't be written, or another demo works in it."""

    code = "var_not_usable"


class TryOnFailed(DemoError):
    """The first try-on did not end with a picture."""

    code = "tryon_failed"
