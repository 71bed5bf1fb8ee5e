"""What a command says when its input cannot be used."""


class BadInput(Exception):  # noqa: N818 - it names the cause, as the person at the screen reads it
    """Input that cannot be used: one sentence that names the file, the field and the mend.

    The command line prints it as one line on stderr and exits with status 2.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(" ".join(sentence.split()))
