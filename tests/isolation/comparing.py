"""Who asks what, where an answer about what is another's is compared with one about what is not there."""

from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from tests.isolation.coverage import route_of
from tests.isolation.test_isolation import PARTS
from tests.isolation.two_districts import Request, Stranger, TwoDistricts

SAME_KIND: Final = {"another district's auditor"}
"""Who is for every operation as somebody else is, but for the name in the log."""


class Asked(NamedTuple):
    """One operation, by one stranger whom its route lets in."""

    operation: str
    request: Request
    who: str
    stranger: Stranger
    scopes: frozenset[str]


async def asked_by_strangers(two: TwoDistricts, service: str) -> AsyncIterator[Asked]:
    """Each operation of a service by each stranger that has a scope for it."""
    async for name, _, request in PARTS[service](two):
        operation = f"{'records' if service == 'oneroster' else service}.{name}"
        wanted = route_of(operation).scopes
        for who, stranger in two.strangers.items():
            if who not in SAME_KIND and any(scopes & wanted for scopes in stranger.scopes):
                yield Asked(operation, request, who, stranger, wanted)
