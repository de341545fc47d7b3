"""By what id an official of this node's own pages is known where the services ask for one."""

from safepassage.canonical import from_base64url
from safepassage.wire import Code, Digest


def official_of(person: Digest) -> Code:
    """The id of whoever the log calls `person`: one spelling, and no other person's."""
    return from_base64url(person).hex()
