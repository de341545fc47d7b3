"""The person behind a request for one of the gateway's own pages: what the door has found, put into the scope by it and by nobody else."""

from typing import Annotated

from fastapi import Depends, Request

from safepassage.problems.people import NotSignedIn
from services.gateway.people.person import Person


async def signed_in(request: Request) -> Person:
    """The person. Raises NotSignedIn: a route that asks for one, and does not accept people in the routing table, opens to nobody."""
    person = request.scope["state"].get("person")
    if not isinstance(person, Person):
        raise NotSignedIn
    return person


SignedInPerson = Annotated[Person, Depends(signed_in)]
