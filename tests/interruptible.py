"""For processes that a test interrupts: a runner in the background may have told us to ignore ^C."""

import signal


def listen() -> None:
    """Use as `preexec_fn`: the process gets ^C as one that a user started does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
