"""Words that are kept as data and translated where they are shown."""


def spaced(code: str) -> str:
    """A code that has no word of its own, as it can be read: `no-agreement` is "No agreement"."""
    return code.replace("-", " ").capitalize()


def word(message: str) -> str:
    """The message itself, in English: said here so that whoever translates finds it (console.messages)."""
    return message
