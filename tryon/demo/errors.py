"""The errors that end the demo early."""


class DemoError(Exception):
    """The demo can't go on. The text is one plain line that says what to do next."""


class BrokerError(DemoError):
    """No private Redis is available, or the named one does not answer."""


class ChildFailed(DemoError):
    """A program that the demo needs could not be started."""


class VarNotUsable(DemoError):
    """The folder for data can't be written, or another demo works in it."""


class PortTaken(DemoError):
    """Nothing can listen on the port."""


class TryOnFailed(DemoError):
    """The first try-on did not end with a picture."""
