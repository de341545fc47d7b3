"""Words that are kept as data and translated where they are shown."""


def word(message: str) -> str:
    """The message itself, in English: said here so that whoever translates finds it (console.messages)."""
    return message
