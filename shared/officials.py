"""By what id an official who signed in is known where the services ask for one, and that they act as nobody else, and as who they are."""

from typing import TypeVar

from safepassage.canonical import from_base64url
from safepassage.problems.requests import NotPermitted
from safepassage.wire import Code, Digest
from safepassage.wire_duties import WaivingOfficial
from safepassage.wire_exchange import Official
from safepassage.wire_policy_sets import ActingOfficial
from shared.internal_token import CallerClaims

Named = TypeVar("Named", ActingOfficial, WaivingOfficial, Official)


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


def as_known(caller: CallerClaims, named: Named) -> Named:
    """The official whom a client names, as far as the door knows them. Raises NotPermitted as `require_themselves`.

    # INVARIANT: of who signed in the role, and when they proved who they are, are theirs, whatever an application says of them.
    """
    require_themselves(caller.person, named.pairwise_id)
    if caller.person is None:
        return named
    known = {"role": caller.role, "authenticated_at": caller.authenticated_at}
    return named.model_copy(update={name: value for name, value in known.items() if name in type(named).model_fields})


def role_as_known(caller: CallerClaims, official: Code, role: Code) -> Code:
    """As `as_known`, where an official is named by an id and a role alone."""
    require_themselves(caller.person, official)
    return role if caller.person is None else caller.role
