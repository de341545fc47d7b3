"""A refusal because a token opens too little says so to the door, which challenges the caller for more (RFC 6750 section 3.1)."""

from typing import Final

from safepassage.problems.requests import NotPermitted

FIELD: Final = b"sp-needs-scope"
"""In the header of a service's 403: the scopes that would do, separated by spaces, or nothing where it is no scope that is missing.

The door puts the challenge in its place."""


class TokenTooNarrow(NotPermitted):
    """Another token of the same caller's could open what this one does not."""

    enough: tuple[str, ...] = ()
    """The fewest scopes that would do; none where the token has them, and is narrowed in another way."""


class ScopeMissing(TokenTooNarrow):
    """The caller's token lacks a scope that this operation needs."""

    def __init__(self, *alternatives: str, beside: tuple[str, ...] = ()) -> None:
        """One of `alternatives` is needed, and all of `beside`."""
        super().__init__(f"needs the scope {' and '.join([' or '.join(alternatives), *beside])}")
        self.enough = (alternatives[0], *beside)
