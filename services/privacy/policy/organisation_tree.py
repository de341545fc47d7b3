"""Organisations as the rules need them: who stands above whom, and which district a school or a student's record belongs to."""

from collections.abc import Mapping
from functools import cached_property
from uuid import UUID

from safepassage.wire_organisations import Organisation


class OrganisationTree:
    """The organisations of this node that a decision may need. One that is not there is unknown, and what is unknown agreed to nothing."""

    def __init__(self, organisations: Mapping[UUID, Organisation]) -> None:
        self._organisations = organisations
        self._by_reference = {str(identifier): organisation for identifier, organisation in organisations.items()}
        self._chains: dict[UUID, tuple[Organisation, ...]] = {}
        self._agencies: dict[UUID, tuple[Organisation, ...]] = {}

    @cached_property
    def state(self) -> Organisation | None:
        """The state agency that runs the node: there is one."""
        return next((one for one in self._organisations.values() if one.kind == "sea"), None)

    def known(self, reference: str) -> Organisation | None:
        """The organisation whose UUID `reference` is; None for one behind a peer, or none at all."""
        found = self._by_reference.get(reference)
        if found is not None:
            return found
        try:
            return self._organisations.get(UUID(reference))  # written in another way
        except ValueError:
            return None

    def upward(self, identifier: UUID) -> tuple[Organisation, ...]:
        """The organisation and all above it; empty if it is unknown."""
        if identifier not in self._chains:
            chain: dict[UUID, Organisation] = {}
            here = self._organisations.get(identifier)
            while here is not None and here.id not in chain:
                chain[here.id] = here
                here = None if here.parent_id is None else self._organisations.get(here.parent_id)
            self._chains[identifier] = tuple(chain.values())
        return self._chains[identifier]

    def agency(self, reference: str) -> tuple[Organisation, ...]:
        """What counts as one educational agency with the organisation: itself, and the school and district above it; never their state."""
        organisation = self.known(reference)
        if organisation is None:
            return ()
        found = self._agencies.get(organisation.id)
        if found is None:
            above = self.upward(organisation.id)
            found = self._agencies[organisation.id] = above[:1] + tuple(it for it in above[1:] if it.kind in ("school", "lea"))
        return found
