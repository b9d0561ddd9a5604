"""Why the supervisor cannot do what it was asked."""


class RefusalError(RuntimeError):
    """Something on this machine is in the way; the message is for people and says what to do."""
