"""What a person at the command line can mend."""


class Fault(Exception):
    """Something is not as it must be; the message says what to do, and nobody needs a traceback."""
