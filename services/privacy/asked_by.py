"""Who asked, as what is kept of a decision names it."""

from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from safepassage.wire_decisions import Asker
from shared.actors import actor_of
from shared.contracts.audit import Actor
from shared.internal_token import Principal


@dataclass(frozen=True)
class AskedBy:
    """Who asked, as the decision's record and the log have it: found once for all that is decided for one request of a caller."""

    principal: Principal

    @cached_property
    def asker(self) -> Asker:
        """For the record."""
        caller = self.principal.caller
        if caller is None:
            return Asker(service=self.principal.service, job=self.principal.job)
        return Asker(service=self.principal.service, client_id=caller.client_id, organisation_id=caller.organisation_id)

    @cached_property
    def actor(self) -> Actor:
        """For the log."""
        return actor_of(self.principal)

    @property
    def organisation_id(self) -> UUID | None:
        """The caller's; None for a job of the node."""
        return None if self.principal.caller is None else self.principal.caller.organisation_id
