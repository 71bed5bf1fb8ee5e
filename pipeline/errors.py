"""What a command says when it cannot do what it was asked for."""


class BadInput(Exception):  # noqa: N818 - it names the cause, as the person at the screen reads it
    """Input that cannot be used: one sentence that names the file, the field and the mend.

    The command line prints it as one line on stderr and exits with status 2.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(" ".join(sentence.split()))


class RunFailed(Exception):  # noqa: N818 - as above
    """A run that cannot come to what it was asked for: one sentence; the command exits with status 1."""
