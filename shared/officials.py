"""By what id an official who signed in is known where the services ask for one, and that they act as nobody else."""

from safepassage.canonical import from_base64url
from safepassage.problems.requests import NotPermitted
from safepassage.wire import Code, Digest


def official_of(person: Digest) -> Code:
    """The id of whoever the log calls `person`: one spelling, and no other person's."""
    return from_base64url(person).hex()


def require_themselves(person: Digest | None, official: Code) -> None:
    """Raise NotPermitted where somebody who signed in names another official than themselves.

    person  the claim of the caller's token; None of a client that nobody signed in for, which says for whom it acts and answers for it

    INVARIANT: who signed in to the node's own pages, or lets a client act for them, is one official, and nobody else: two are two.
    """
    if person is not None and official != official_of(person):
        raise NotPermitted("a person acts as themselves")
