"""A refusal for want of a scope says which one, so that the door can challenge the caller for it (RFC 6750 section 3.1)."""

from typing import Final

from safepassage.problems.requests import NotPermitted

FIELD: Final = b"sp-needs-scope"
"""In the header of a service's 403: the scopes that would do, separated by spaces. The door puts the challenge in its place."""


class ScopeMissing(NotPermitted):
    """The caller's token lacks a scope that this operation needs."""

    def __init__(self, *alternatives: str, beside: tuple[str, ...] = ()) -> None:
        """One of `alternatives` is needed, and all of `beside`."""
        super().__init__(f"needs the scope {' and '.join([' or '.join(alternatives), *beside])}")
        self.enough = (alternatives[0], *beside)
        """The fewest that would do."""
